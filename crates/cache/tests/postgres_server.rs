//! The PostgreSQL that tests start for themselves: it answers on its socket, and goes with its folder.
#![cfg(feature = "sql")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

#[path = "support/postgres.rs"]
mod postgres;

/// What needs a server; the gate `services` runs this, and the others leave the name out.
mod served {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::path::PathBuf;

    use crate::postgres::PostgresServer;

    /// Asks whether the server speaks TLS, which needs no client: the answer is one letter.
    const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

    #[test]
    fn a_server_answers_on_its_socket_and_goes_with_its_folder() {
        let server = PostgresServer::start();
        let settings = server.settings();
        let folder = settings.split(' ').find_map(|word| word.strip_prefix("host=")).map(PathBuf::from).unwrap();
        let mut socket = UnixStream::connect(folder.join(".s.PGSQL.5432")).unwrap();
        socket.write_all(&SSL_REQUEST).unwrap();
        let mut answer = [0];
        socket.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"N");
        drop(server);
        assert!(!folder.exists());
    }
}
