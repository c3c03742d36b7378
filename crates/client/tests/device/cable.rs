//! The network cable of one workstation, which can be pulled out and put back while the register runs.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::region::Region;

/// A way to the register. It ends with the region's runtime.
pub struct Cable {
    address: SocketAddr,
    plugged: watch::Sender<bool>,
}

impl Cable {
    /// Puts one in.
    pub fn to(region: &Region) -> Self {
        let listening = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = region.runtime().block_on(listening).unwrap();
        let (plugged, state) = watch::channel(true);
        let address = listener.local_addr().unwrap();
        region.runtime().spawn(forward(listener, region.address(), state));
        Self { address, plugged }
    }

    /// The register's address by this way.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Breaks all connections; new ones break at once.
    pub fn pull_out(&self) {
        self.plugged.send_replace(false);
    }

    /// Lets connections through again.
    pub fn put_back(&self) {
        self.plugged.send_replace(true);
    }
}

async fn forward(listener: TcpListener, to: SocketAddr, mut plugged: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((near, _)) = accepted else { continue };
                if *plugged.borrow() {
                    connections.spawn(carry(near, to));
                }
            }
            changed = plugged.changed() => {
                if changed.is_err() {
                    return;
                }
                if !*plugged.borrow_and_update() {
                    connections.shutdown().await;
                }
            }
        }
    }
}

async fn carry(mut near: TcpStream, to: SocketAddr) {
    if let Ok(mut far) = TcpStream::connect(to).await {
        // A connection that breaks is what the test is about.
        let _ = copy_bidirectional(&mut near, &mut far).await;
    }
}
