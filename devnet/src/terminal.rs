//! Standard output, written by a thread of its own: a program that holds the other end and reads nothing must not stop the devnet.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

/// Texts that wait to be written; further ones are left out.
const TEXTS_WAITING: usize = 64;

/// How long the end waits for what is still to be written.
const LAST_TEXTS: Duration = Duration::from_millis(200);

/// The terminal, or whatever else standard output is.
pub(crate) struct Terminal {
    /// `None` at the end.
    texts: Option<SyncSender<String>>,
    /// Ends with the thread.
    ended: Receiver<()>,
}

impl Terminal {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system starts no thread.
    pub(crate) fn open() -> std::io::Result<Self> {
        Self::write_to(std::io::stdout())
    }

    fn write_to(mut output: impl std::io::Write + Send + 'static) -> std::io::Result<Self> {
        let (texts, waiting) = sync_channel::<String>(TEXTS_WAITING);
        let (end, ended) = sync_channel(1);
        std::thread::Builder::new().name("terminal".to_owned()).spawn(move || {
            for text in waiting {
                // A failed write is ignored: then nothing reads the output any more.
                let _ = writeln!(output, "{text}").and_then(|()| output.flush());
            }
            drop(end);
        })?;
        Ok(Self { texts: Some(texts), ended })
    }

    /// Shows a text of one or more lines, unless too many wait.
    pub(crate) fn show(&self, text: String) {
        if let Some(Err(TrySendError::Full(text))) = self.texts.as_ref().map(|texts| texts.try_send(text)) {
            tracing::debug!(text, "standard output is not read");
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.texts = None;
        if let Err(RecvTimeoutError::Timeout) = self.ended.recv_timeout(LAST_TEXTS) {
            tracing::debug!("standard output is not read; the last texts are lost");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// An output that takes nothing while the lock is held.
    #[derive(Clone, Default)]
    struct Pipe(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn everything_is_written_before_the_end() {
        let pipe = Pipe::default();
        let terminal = Terminal::write_to(pipe.clone()).unwrap();
        terminal.show("one\ntwo".to_owned());
        terminal.show("three".to_owned());
        drop(terminal);
        assert_eq!(String::from_utf8_lossy(&pipe.0.lock().unwrap()), "one\ntwo\nthree\n");
    }

    #[test]
    fn an_output_that_is_not_read_holds_up_nothing() {
        let pipe = Pipe::default();
        let unread = pipe.0.lock().unwrap();
        let terminal = Terminal::write_to(pipe.clone()).unwrap();
        for _ in 0..10 * TEXTS_WAITING {
            terminal.show("a text".to_owned());
        }
        drop(terminal);
        drop(unread);
    }
}
