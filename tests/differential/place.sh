# Makes what every case finds: `server` is what the server serves, `work` the folder the cases run in.

at() { touch -d "$1" "$2"; }

cd server
mkdir -p sub/deeper other empty locked move/inner
printf 'hello world' >file.txt; at '2001-09-09 01:46:40Z' file.txt
: >nothing.txt; at '2010-01-02 03:04:05Z' nothing.txt
seq 1 1200 >numbers.txt; at '2015-06-07 08:09:10Z' numbers.txt
printf 'two' >'two words.txt'; at '2016-02-29 12:00:00Z' 'two words.txt'
printf 'brackets' >'[a]{b}.txt'; at '2017-01-01 00:00:00Z' '[a]{b}.txt'
printf 'hidden' >.hidden; at '2018-01-01 00:00:00Z' .hidden
printf 'umlaut' >Größe.txt; at '2019-12-31 23:59:59Z' Größe.txt
printf 'a,b "c"' >'comma, "quoted".csv'; at '2019-12-31 23:59:59Z' 'comma, "quoted".csv'
head -c 3000 /dev/zero >sub/one.jpg; at '2020-03-04 05:06:07Z' sub/one.jpg
head -c 70000 /dev/zero >sub/two.tar.gz; at '2021-03-04 05:06:07Z' sub/two.tar.gz
printf 'three' >sub/deeper/three.bin; at '2022-03-04 05:06:07Z' sub/deeper/three.bin
printf 'none' >sub/deeper/noext; at '2022-03-04 05:06:08Z' sub/deeper/noext
printf 'hello world' >other/file.txt; at '2001-09-09 01:46:40Z' other/file.txt
printf 'no' >other/.ignore; at '2001-09-09 01:46:41Z' other/.ignore
printf 'kept' >locked/kept.txt; at '2011-11-11 11:11:11Z' locked/kept.txt
printf 'm' >move/m.txt; at '2012-12-12 12:12:12Z' move/m.txt
printf 'i' >move/inner/i.txt; at '2012-12-12 12:12:13Z' move/inner/i.txt
find . -type d -exec touch -d '2023-04-05 06:07:08Z' {} +
[ -z "$OWNER" ] || chown -R "$OWNER" .
chmod 555 locked

cd ../work
mkdir -p here/sub/deeper here/empty here/new one
cp -p ../server/file.txt ../server/nothing.txt here/
printf 'hello WORLD' >here/changed.txt; at '2024-01-01 00:00:00Z' here/changed.txt
seq 1 1300 >here/numbers.txt; at '2024-01-02 00:00:00Z' here/numbers.txt
cp -p ../server/sub/one.jpg here/sub/
printf 'THREE' >here/sub/deeper/three.bin; at '2024-01-03 00:00:00Z' here/sub/deeper/three.bin
printf 'new' >here/new/new.txt; at '2024-01-04 00:00:00Z' here/new/new.txt
printf 'bak' >here/new/old.bak; at '2002-01-04 00:00:00Z' here/new/old.bak
cp -p ../server/file.txt here/UPPER.TXT
printf 'one' >one/one.txt; at '2024-01-05 00:00:00Z' one/one.txt
printf '*.bak\n# a comment\n; another\n\n' >exclude.txt
printf '*.txt\n' >include.txt
printf -- '- *.bak\n+ *.txt\n! \n+ sub/**\n- *\n' >rules.txt
printf 'file.txt\n/sub/one.jpg\n# no\n; no\n\n  new/new.txt  \nmissing.txt\n' >files.txt
printf 'file.txt\0sub/one.jpg\0' >files0.txt
(cd ../server && md5sum file.txt nothing.txt numbers.txt sub/one.jpg) >MD5SUMS
(cd ../server && sha1sum file.txt nothing.txt) >SHA1SUMS
(cd ../server && md5sum file.txt | tr 0-9 1-90; echo 'd41d8cd98f00b204e9800998ecf8427e  gone.txt') >BADSUMS
find here one -type d -exec touch -d '2023-04-05 06:07:09Z' {} +
