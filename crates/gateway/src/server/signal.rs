use std::future::pending;
use std::io;

/// Resolves when the process is asked to end: by SIGTERM or Ctrl-C, or by
/// Ctrl-C alone on systems without SIGTERM. For
/// [`Gateway::serve`](crate::Gateway::serve).
///
/// # Errors
///
/// Returns an error if the system does not let the program listen to signals.
pub fn shutdown_signal() -> io::Result<impl Future<Output = ()> + Send> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        let interrupt = async {
            if tokio::signal::ctrl_c().await.is_err() {
                pending::<()>().await;
            }
        };
        #[cfg(unix)]
        tokio::select! {
            () = interrupt => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        interrupt.await;
    })
}
