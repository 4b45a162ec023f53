//! Limits on the number of connections.

use std::time::Duration;

use ips_gateway::sandbox::Population;
use tokio::time::sleep;

use crate::support::Socket;
use crate::support::World;

const LIVEZ: &str = "GET /livez HTTP/1.1\r\nHost: gateway\r\n\r\n";

#[tokio::test]
async fn connections_above_the_limit_are_closed() {
    for setting in ["MAX_CONNECTIONS", "MAX_CONNECTIONS_PER_ADDRESS"] {
        let world = World::with(Population::Empty, &[(setting, "3")]);
        let mut sockets = Vec::new();
        for _ in 0..3 {
            let mut socket = Socket::open(&world.gateway).await;
            socket.send(LIVEZ).await;
            socket.hear().await.expect(200);
            sockets.push(socket);
        }
        let mut fourth = Socket::open(&world.gateway).await;
        assert!(fourth.rest().await.is_empty(), "{setting}");

        drop(sockets.pop());
        sleep(Duration::from_millis(500)).await;
        let mut fourth = Socket::open(&world.gateway).await;
        fourth.send(LIVEZ).await;
        fourth.hear().await.expect(200);
    }
}
