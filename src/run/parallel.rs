//! Several workers over a list.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

/// Calls `work` for every item on up to `jobs` threads, and `take` on this thread with each result as it comes.
///
/// Where `take` fails, `stop` is called and the first error returned once all workers have ended.
pub fn each<I: Sync, T: Send, E>(
    items: &[I],
    jobs: usize,
    work: impl Fn(&I) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
    stop: impl Fn(),
) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = channel();
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if sender.send(work(item)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut failed = None;
        for result in receiver {
            if failed.is_none()
                && let Err(error) = take(result)
            {
                stop();
                next.store(items.len(), Ordering::Relaxed);
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once_whatever_the_jobs() {
        let items: Vec<u32> = (0..50).collect();
        for jobs in [0, 1, 3, 100] {
            let mut seen = Vec::new();
            let done: Result<(), ()> = each(
                &items,
                jobs,
                |item| item * 2,
                |r| {
                    seen.push(r);
                    Ok(())
                },
                || {},
            );
            seen.sort_unstable();
            assert_eq!((done, seen), (Ok(()), items.iter().map(|item| item * 2).collect()));
        }
        assert_eq!(each(&[] as &[u32], 4, |i| *i, |_| Err("none"), || {}), Ok(()));
    }

    #[test]
    fn the_first_failure_stops_the_rest() {
        let items: Vec<u32> = (0..1000).collect();
        let worked = AtomicUsize::new(0);
        let work = |item: &u32| {
            worked.fetch_add(1, Ordering::Relaxed);
            thread::sleep(std::time::Duration::from_micros(200));
            *item
        };
        let stopped = AtomicUsize::new(0);
        let stop = || {
            stopped.fetch_add(1, Ordering::Relaxed);
        };
        let failed = each(&items, 2, work, |item| if item == 3 { Err("full") } else { Ok(()) }, stop);
        assert_eq!((failed, stopped.load(Ordering::Relaxed)), (Err("full"), 1));
        assert!(worked.load(Ordering::Relaxed) < 500);
    }
}
