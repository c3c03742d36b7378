//! The network cable of one workstation, which can be pulled out and put back while the register runs.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::region::{self, Region};

/// A way to the register. It ends with the region's runtime.
pub struct Cable {
    address: SocketAddr,
    plugged: watch::Sender<bool>,
    is_so: watch::Receiver<bool>,
}

impl Cable {
    /// Puts one in.
    pub fn to(region: &Region) -> Self {
        let entered = region.runtime().enter();
        let port = region::free_port();
        drop(entered);
        let address = port.local_addr().unwrap();
        let (plugged, wanted) = watch::channel(false);
        let (told, is_so) = watch::channel(false);
        region.runtime().spawn(forward(port, region.address(), wanted, told));
        let mut cable = Self { address, plugged, is_so };
        cable.put_back(region);
        cable
    }

    /// The register's address by this way.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Breaks all connections; new ones are refused.
    pub fn pull_out(&mut self, region: &Region) {
        self.set(region, false);
    }

    /// Lets connections through again.
    pub fn put_back(&mut self, region: &Region) {
        self.set(region, true);
    }

    fn set(&mut self, region: &Region, plugged: bool) {
        self.plugged.send_replace(plugged);
        region.runtime().block_on(self.is_so.wait_for(|is_so| *is_so == plugged)).unwrap();
    }
}

/// The port is held all the time, so that nobody else gets it.
async fn forward(port: TcpSocket, to: SocketAddr, mut wanted: watch::Receiver<bool>, told: watch::Sender<bool>) {
    let address = port.local_addr().unwrap();
    while wanted.wait_for(|plugged| *plugged).await.is_ok() {
        let listener = TcpListener::bind(address).await.unwrap();
        told.send_replace(true);
        tokio::select! {
            () = carry_all(&listener, to) => {}
            out = wanted.wait_for(|plugged| !plugged) => if out.is_err() { return },
        }
        drop(listener);
        told.send_replace(false);
    }
}

async fn carry_all(listener: &TcpListener, to: SocketAddr) {
    let mut connections = JoinSet::new();
    loop {
        if let Ok((near, _)) = listener.accept().await {
            connections.spawn(carry(near, to));
        }
    }
}

async fn carry(mut near: TcpStream, to: SocketAddr) {
    if let Ok(mut far) = TcpStream::connect(to).await {
        // A connection that breaks is what the test is about.
        let _ = copy_bidirectional(&mut near, &mut far).await;
    }
}
