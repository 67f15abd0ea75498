//! copyurl, from a web server of a few lines.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;

use crate::Place;

/// Answers each path with one response, on a thread that ends with the process.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let request = lines.next().unwrap().unwrap();
            for line in lines {
                if line.unwrap().is_empty() {
                    break;
                }
            }
            let path = request.split(' ').nth(1).unwrap();
            let (head, body) = match path {
                "/plain.txt" => ("200 OK\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT", "hello"),
                "/moved" => ("302 Found\r\nLocation: /a%20b.txt", ""),
                "/a%20b.txt" => ("200 OK", "moved"),
                "/named?x=1" => {
                    ("200 OK\r\nContent-Disposition: attachment; filename=\"../n.txt\"", "named")
                }
                _ => ("404 Not Found", "nothing here"),
            };
            let length = if path == "/short" { 99 } else { body.len() };
            let head = if path == "/short" { "200 OK" } else { head };
            let response = format!(
                "HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            // A client may have seen enough.
            let _ = stream.write_all(response.as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn a_url_becomes_a_file_with_its_time() {
    let (place, url) = (Place::new(), serve());
    place.run(&["copyurl", &format!("{url}/plain.txt"), "d/file"]).code(0);
    assert_eq!(place.read("d/file").unwrap(), "hello");
    let listed = place.run(&["lsl", "d"]).printed();
    assert_eq!(listed, "        5 1994-11-06 08:49:37.000000000 file\n");
}

#[test]
fn the_name_comes_from_where_redirections_lead() {
    let (place, url) = (Place::new(), serve());
    let printed = place.run(&["copyurl", "-a", "-p", &format!("{url}/moved"), "d"]).printed();
    assert_eq!(printed, "a b.txt\n");
    place.run(&["copyurl", "-a", &format!("{url}/named?x=1"), "d", "--header-filename"]).code(0);
    assert_eq!(place.all("d"), ["a b.txt", "n.txt"]);
}

#[test]
fn standard_output_is_a_destination() {
    let (place, url) = (Place::new(), serve());
    let url = format!("{url}/plain.txt");
    assert_eq!(place.run(&["copyurl", "--stdout", &url]).printed(), "hello");
    assert_eq!(place.run(&["copyurl", &url, "-"]).printed(), "hello");
    place.run(&["copyurl", &url]).code(2);
}

#[test]
fn nothing_is_clobbered_where_that_is_asked() {
    let (place, url) = (Place::with(&[("d/file", "old")]), serve());
    let arguments = ["copyurl", &format!("{url}/plain.txt"), "d/file", "--no-clobber"];
    let run = place.run(&[&arguments[..], &["--retries=1"]].concat()).code(1);
    assert!(run.log().contains("--no-clobber"), "{}", run.log());
    assert_eq!(place.read("d/file").unwrap(), "old");
}

#[test]
fn failures_name_the_url_and_leave_nothing() {
    let (place, url) = (Place::new(), serve());
    let missing = format!("{url}/missing");
    let run = place.run(&["copyurl", &missing, "d/file", "--retries=1"]).code(1);
    assert!(run.log().contains(&missing) && run.log().contains("404"), "{}", run.log());
    let short = format!("{url}/short");
    let run = place.run(&["copyurl", &short, "d/file", "--retries=1"]);
    assert_ne!(run.log(), "");
    assert_eq!(place.read("d/file"), None);
    let run = place.run(&["copyurl", "-a", &format!("{url}/"), "d", "--retries=1"]).code(1);
    assert!(run.log().contains("404"), "{}", run.log());
}

#[test]
fn a_web_server_that_is_away_may_come_back() {
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/file", listener.local_addr().unwrap());
    drop(listener);
    let run = place.run(&["copyurl", &url, "d/file", "--retries=2", "--retries-sleep=1ms"]).code(5);
    assert!(run.log().contains("Attempt 2/2 failed"), "{}", run.log());
}

#[test]
fn a_list_of_urls_is_copied_whole() {
    let (place, url) = (Place::new(), serve());
    place.write("list", &format!("{url}/plain.txt\n\n{url}/moved,x/y.txt\n{url}/missing,z\n"));
    let run = place.run(&["copyurl", "--urls", "list", "d", "--retries=1"]).code(1);
    assert!(run.log().contains("404"), "{}", run.log());
    assert_eq!(place.all("d"), ["plain.txt", "x/", "x/y.txt"]);
}
