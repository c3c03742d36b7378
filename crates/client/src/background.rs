//! The program without its window, on Windows: in the notification area, and reached by whoever starts it again.
//!
//! Invariant: one program works in one data folder. A later start hands its wish to the one that runs, and ends.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use ring::digest;
use tokio::io::AsyncReadExt;
use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};
use tokio::runtime::Handle;
use tokio::time::timeout;
use tray_icon::menu::{Menu, MenuEvent, MenuId, MenuItem};
use tray_icon::{Icon, MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};

use crate::folders::Folders;
use crate::hex::hex;
use crate::window::{APP_ID, ICON, TITLE};

/// How often and how long one asks a program that is just hearing another.
const TRIES: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);
/// Whoever asks has a word ready.
const WORD_TIME: Duration = Duration::from_secs(2);
/// After a pipe has failed.
const PAUSE: Duration = Duration::from_secs(1);
/// What the system answers while the one who listens has not come back to listening.
const PIPE_BUSY: i32 = 231;

/// What the running program is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The window is to come up.
    Show,
    /// The program is to end.
    Quit,
}

impl Wish {
    const fn word(self) -> u8 {
        match self {
            Self::Show => b's',
            Self::Quit => b'q',
        }
    }

    const fn of(word: u8) -> Option<Self> {
        match word {
            b's' => Some(Self::Show),
            b'q' => Some(Self::Quit),
            _ => None,
        }
    }
}

/// The name by which the program of a data folder is reached. Only the same person may write to it: that is what
/// Windows gives a pipe by itself.
fn pipe_name(folders: &Folders) -> String {
    let folder = folders.data().to_string_lossy().to_lowercase();
    let digest = digest::digest(&digest::SHA256, folder.as_bytes());
    format!(r"\\.\pipe\{APP_ID}-{}", hex(digest.as_ref().get(..16).unwrap_or_default()))
}

/// Asks the program that works in these folders for something; tells whether there is one.
///
/// # Errors
/// There is one, and it cannot be reached.
pub fn ask(folders: &Folders, wish: Wish) -> Result<bool> {
    let name = pipe_name(folders);
    for _ in 0..TRIES {
        match OpenOptions::new().write(true).open(&name) {
            Ok(mut pipe) => {
                pipe.write_all(&[wish.word()]).context("открытая программа не слушает")?;
                return Ok(true);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) if error.raw_os_error() == Some(PIPE_BUSY) => std::thread::sleep(BETWEEN_TRIES),
            Err(error) => return Err(error).context("открытая программа не слушает"),
        }
    }
    Err(anyhow!("открытая программа не слушает"))
}

/// The right to work in a data folder, and whether that begins without a window.
pub struct Background {
    pipe: NamedPipeServer,
    hidden: bool,
}

impl Background {
    /// Claims the folders; `None` when another program holds them: its window has been asked to come up.
    ///
    /// # Errors
    /// Words for the person.
    pub fn claim(folders: &Folders, hidden: bool, runtime: &Handle) -> Result<Option<Self>> {
        let _runtime = runtime.enter();
        for _ in 0..2 {
            if ask(folders, Wish::Show)? {
                return Ok(None);
            }
            let first = ServerOptions::new()
                .first_pipe_instance(true)
                .max_instances(1)
                .access_outbound(false)
                .create(pipe_name(folders));
            match first {
                Ok(pipe) => return Ok(Some(Self { pipe, hidden })),
                // Another one has claimed them just now.
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {}
                Err(error) => return Err(error).context("не удалось начать слушать повторные запуски"),
            }
        }
        Err(anyhow!("программа уже открыта на этом компьютере"))
    }

    /// Listens from now on, and stands in the notification area when the program has begun without a window.
    /// Must be called on the thread of the window.
    pub(crate) fn start(self, runtime: &Handle, on_wish: impl Fn(Wish) + Clone + Send + Sync + 'static) -> Standing {
        runtime.spawn(listen(self.pipe, on_wish.clone()));
        let icon = self.hidden.then(|| stand(on_wish)).transpose().unwrap_or_else(|error| {
            tracing::error!(%error, "no icon in the notification area");
            None
        });
        Standing { icon, hide_now: self.hidden, quits: false }
    }
}

/// Why the window is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hiding {
    /// The program was started so.
    AtTheStart,
    /// The person has closed it.
    Closed,
}

/// How the program stands beside its window.
pub(crate) struct Standing {
    /// As long as it is there, a window that is closed only hides.
    icon: Option<TrayIcon>,
    hide_now: bool,
    quits: bool,
}

impl Standing {
    /// Hides the window when it has to be: once at the start, and instead of being closed.
    pub(crate) fn hide(&mut self, ctx: &egui::Context) -> Option<Hiding> {
        let hiding = if std::mem::take(&mut self.hide_now) {
            Hiding::AtTheStart
        } else if ctx.input(|input| input.viewport().close_requested()) && !self.quits {
            Hiding::Closed
        } else {
            return None;
        };
        self.icon.as_ref()?;
        if hiding == Hiding::Closed {
            ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
        }
        ctx.send_viewport_cmd(egui::ViewportCommand::Visible(false));
        Some(hiding)
    }

    /// Closes the window for good.
    pub(crate) fn quit(&mut self, ctx: &egui::Context) {
        self.quits = true;
        ctx.send_viewport_cmd(egui::ViewportCommand::Close);
    }
}

async fn listen(mut pipe: NamedPipeServer, on_wish: impl Fn(Wish)) {
    loop {
        if let Err(error) = pipe.connect().await {
            tracing::warn!(%error, "later starts are not heard");
            tokio::time::sleep(PAUSE).await;
        } else if let Ok(Ok(word)) = timeout(WORD_TIME, pipe.read_u8()).await
            && let Some(wish) = Wish::of(word)
        {
            on_wish(wish);
        }
        // It fails only where nobody is connected.
        let _ = pipe.disconnect();
    }
}

fn stand(on_wish: impl Fn(Wish) + Clone + Send + Sync + 'static) -> Result<TrayIcon> {
    let (open, quit) = (MenuId::new("open"), MenuId::new("quit"));
    let menu = Menu::new();
    menu.append(&MenuItem::with_id(open.clone(), prikrep_ui::t!("background-open"), true, None))?;
    menu.append(&MenuItem::with_id(quit.clone(), prikrep_ui::t!("background-quit"), true, None))?;
    let on_choice = on_wish.clone();
    MenuEvent::set_event_handler(Some(move |event: MenuEvent| {
        if event.id == open {
            on_choice(Wish::Show);
        } else if event.id == quit {
            on_choice(Wish::Quit);
        }
    }));
    TrayIconEvent::set_event_handler(Some(move |event| {
        let pressed =
            matches!(event, TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. });
        if pressed {
            on_wish(Wish::Show);
        }
    }));
    let picture = eframe::icon_data::from_png_bytes(ICON).map_err(|error| anyhow!("{error}"))?;
    let icon = Icon::from_rgba(picture.rgba, picture.width, picture.height)?;
    let builder = TrayIconBuilder::new().with_icon(icon).with_tooltip(TITLE);
    Ok(builder.with_menu(Box::new(menu)).with_menu_on_left_click(false).build()?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_later_start_is_heard_and_gets_nothing_itself() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let folders = Folders::find(Some(folder.path())).unwrap();
        let other = Folders::find(Some(Path::new(r"C:\other"))).unwrap();
        assert!(!ask(&folders, Wish::Quit).unwrap());
        let background = Background::claim(&folders, false, runtime.handle()).unwrap().unwrap();
        let (heard, wishes) = channel();
        let standing = background.start(runtime.handle(), move |wish| heard.send(wish).unwrap());
        assert!(standing.icon.is_none());
        assert!(Background::claim(&folders, true, runtime.handle()).unwrap().is_none());
        assert!(ask(&folders, Wish::Quit).unwrap());
        let within = Duration::from_secs(20);
        assert_eq!(wishes.recv_timeout(within), Ok(Wish::Show));
        assert_eq!(wishes.recv_timeout(within), Ok(Wish::Quit));
        assert!(!ask(&other, Wish::Show).unwrap());
    }
}
