"""Serves FOLDER/root: HOST:PORT FOLDER plain|tls."""
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

at, folder, security = sys.argv[1:]
host, port = at.split(":")
Handler = FTPHandler
if security == "tls":
    Handler = TLS_FTPHandler
    Handler.certfile = folder + "/cert.pem"
    Handler.keyfile = folder + "/key.pem"
    Handler.tls_control_required = True
    Handler.tls_data_required = True
Handler.authorizer = DummyAuthorizer()
Handler.authorizer.add_user("ftptest", "secret", folder + "/root", perm="elradfmwMT")
# Not the one with threads: these share one working directory, and a `CWD` in one fails in the other once it is gone.
server = FTPServer((host, int(port)), Handler)
server.max_cons = 512
server.serve_forever()
