//! Leases: one user a unit, given back whatever happens.

mod run_fake;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use hil::rack::{Cancel, Health, Rack, RackError, Unit};
use run_fake::Fake;

fn rack(units: usize) -> Rack {
    Rack::new((0..units).map(|n| Box::new(Fake::new("nucleo-l4r5zi", n)) as Box<dyn Unit>).collect())
}

/// Ends a wait that would not end.
fn soon() -> Cancel {
    let cancel = Cancel::new();
    let ends = cancel.clone();
    thread::spawn(move || {
        thread::sleep(Duration::from_secs(10));
        ends.cancel();
    });
    cancel
}

#[test]
fn a_unit_has_one_user_at_a_time() {
    let rack = rack(2);
    let (users, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let lease = rack.lease("nucleo-l4r5zi", &soon()).expect("a unit");
                assert!(rack.status().iter().any(|unit| unit.id == lease.id() && unit.leased));
                most.fetch_max(users.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(5));
                users.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    assert_eq!(most.load(Ordering::SeqCst), 2);
    assert!(rack.status().iter().all(|unit| !unit.leased));
}

#[test]
fn a_panic_gives_the_unit_back() {
    let rack = rack(1);
    let ended = thread::scope(|scope| {
        let user = scope.spawn(|| {
            let _lease = rack.lease("nucleo-l4r5zi", &soon()).expect("a unit");
            panic!("on purpose");
        });
        user.join()
    });
    assert!(ended.is_err());
    assert!(rack.lease("nucleo-l4r5zi", &soon()).is_ok());
}

#[test]
fn a_quarantined_unit_is_not_lent_again() {
    let rack = rack(2);
    let cancel = soon();
    let mut lease = rack.lease("nucleo-l4r5zi", &cancel).expect("a unit");
    let first = lease.id().to_string();
    lease.quarantine("silent");
    drop(lease);
    let second = rack.lease("nucleo-l4r5zi", &cancel).expect("the other");
    assert_ne!(second.id(), first);
    assert!(rack.status().iter().any(|unit| unit.health == Health::Quarantined("silent".into())));
    drop(second);
    rack.lease("nucleo-l4r5zi", &cancel).expect("the other").quarantine("lost");
    let message = rack.lease("nucleo-l4r5zi", &cancel).err().expect("none is left").to_string();
    assert!(
        message.contains("out of order") && message.contains(": silent; ") && message.contains(": lost"),
        "{message}"
    );
}

#[test]
fn absence_is_known_at_once_and_waiting_can_be_cancelled() {
    let rack = rack(1);
    let cancel = soon();
    let absent = rack.lease("stm32f746g-disco", &cancel).err().expect("absent").to_string();
    assert_eq!(absent, "no unit of board `stm32f746g-disco` is in the rack (it has: nucleo-l4r5zi)");
    let _lease = rack.lease("nucleo-l4r5zi", &cancel).expect("a unit");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| rack.lease("nucleo-l4r5zi", &cancel).err());
        thread::sleep(Duration::from_millis(20));
        cancel.cancel();
        assert_eq!(waiting.join().expect("no panic"), Some(RackError::Cancelled));
    });
}
