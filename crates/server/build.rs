//! Links what Windows shows of the program (icon, version, manifest), where `packaging/windows/build.sh` has made it.
#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

fn main() {
    println!("cargo::rerun-if-env-changed=PRIKREP_RESOURCES");
    if let Ok(folder) = std::env::var("PRIKREP_RESOURCES") {
        println!("cargo::rustc-link-arg-bin=prikrepd={folder}/prikrepd.res.o");
    }
}
