//! Data sets on small made-up trees: what is read, how it is split, and what is said of what is missing or broken.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use hil::train::data::features::Kind;
use hil::train::data::{Augmentation, DataError, DataSet, Preparation, Raw, SetName, Source, Split};

fn open(set: SetName, folder: &Path) -> Result<DataSet, DataError> {
    Source { path: Some(folder.into()), validation: 0.25, ..Source::usual(set) }.open(Path::new("."))
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, bytes).expect("a file");
}

fn ppm(brightness: u8) -> Vec<u8> {
    let mut file = b"P6 4 3 255\n".to_vec();
    file.extend([brightness; 4 * 3 * 3]);
    file
}

fn wav(rate: u32, samples: &[i16]) -> Vec<u8> {
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    bytes.extend(rate.to_le_bytes());
    bytes.extend((2 * rate).to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend((2 * samples.len() as u32).to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

fn idx(shape: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, shape.len() as u8];
    bytes.extend(shape.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(data);
    bytes
}

fn labels(split: &Split) -> Vec<usize> {
    (0..split.len()).map(|at| split.label(at)).collect()
}

#[test]
fn what_is_missing_is_told_from_what_is_broken() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("nowhere");
    for (set, hint) in [
        (SetName::FashionMnist, "apt-get install dataset-fashion-mnist"),
        (SetName::Fsdd, "HIL_DATA"),
        (SetName::VisualWakeWords, "COCO"),
        (SetName::SpeechCommands, "speech_commands_v0.02.tar.gz"),
    ] {
        let error = open(set, &nowhere).err().expect("nothing is there");
        assert!(error.is_missing() && error.to_string().contains(hint), "{error}");
        assert!(error.to_string().starts_with("no data set"), "{error}");
        // A folder without what belongs there is not the same.
        let error = open(set, folder.path()).err().expect("an empty folder");
        assert_eq!(error.is_missing(), set == SetName::VisualWakeWords, "{error}");
    }
}

#[test]
fn fashion_pictures_are_read_and_split_by_class() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let pixels: Vec<u8> = (0..40).flat_map(|n| [n; 4]).collect();
    let classes: Vec<u8> = (0..40).map(|n| n % 10).collect();
    write(&file("train-images-idx3-ubyte"), idx(&[40, 2, 2], &pixels));
    write(&file("train-labels-idx1-ubyte"), idx(&[40], &classes));
    write(&file("t10k-images-idx3-ubyte"), idx(&[10, 2, 2], &pixels[..40]));
    write(&file("t10k-labels-idx1-ubyte"), idx(&[10], &classes[..10]));
    let data = open(SetName::FashionMnist, folder.path()).expect("a data set");
    assert_eq!((data.training.len(), data.validation.len(), data.test.len()), (30, 10, 10));
    assert_eq!(labels(&data.validation).into_iter().collect::<BTreeSet<_>>().len(), 10, "every class has its share");
    let again = open(SetName::FashionMnist, folder.path()).expect("a data set");
    assert_eq!(labels(&data.training), labels(&again.training));
    let Raw::Picture(picture) = data.test.read(3).expect("a picture") else { panic!("a sound") };
    assert_eq!(picture.pixels, [3; 4]);

    write(&file("t10k-labels-idx1-ubyte"), idx(&[9], &classes[..9]));
    let error = open(SetName::FashionMnist, folder.path()).err().expect("a label is missing").to_string();
    assert!(error.contains("t10k-labels-idx1-ubyte") && error.contains("[9] labels for 10 pictures"), "{error}");
}

#[test]
fn digits_come_from_folders_and_tar_files_and_the_first_five_are_the_test() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut archive = tar::Builder::new(Vec::new());
    for index in 0..10 {
        for digit in 0..10 {
            let name = format!("{digit}_ann_{index}.wav");
            let bytes = wav(8000, &[digit as i16; 100]);
            if digit < 5 {
                let mut header = tar::Header::new_gnu();
                header.set_size(bytes.len() as u64);
                header.set_cksum();
                archive.append_data(&mut header, &name, bytes.as_slice()).expect("an entry");
            } else {
                write(&folder.path().join("recordings").join(name), bytes);
            }
        }
    }
    write(&folder.path().join("some.tar"), archive.into_inner().expect("an archive"));
    write(&folder.path().join("recordings/README.md"), "no recording");
    let data = open(SetName::Fsdd, folder.path()).expect("a data set");
    assert_eq!((data.training.len(), data.validation.len(), data.test.len()), (40, 10, 50));
    for at in 0..data.test.len() {
        let Raw::Sound(sound) = data.test.read(at).expect("a recording") else { panic!("a picture") };
        assert_eq!(sound.samples[0], data.test.label(at) as f32 / 32768.0);
    }
    write(&folder.path().join("recordings/7_bob_1.wav"), "RIFF");
    let error = open(SetName::Fsdd, folder.path()).err().expect("a broken file").to_string();
    assert!(error.contains("7_bob_1.wav") && error.contains("no RIFF WAVE"), "{error}");
}

#[test]
fn speech_commands_follow_their_lists() {
    let folder = tempfile::tempdir().expect("a folder");
    for word in ["yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go", "bed", "cat"] {
        for speaker in 0..6 {
            write(&folder.path().join(word).join(format!("{speaker}_nohash_0.wav")), wav(16000, &[1; 16000]));
        }
    }
    write(&folder.path().join("_background_noise_/hum.wav"), wav(16000, &[2; 48000]));
    let list = |speaker: usize| {
        let words = ["yes", "no", "bed"];
        words.map(|word| format!("{word}/{speaker}_nohash_0.wav\n")).concat()
    };
    write(&folder.path().join("testing_list.txt"), list(0));
    write(&folder.path().join("validation_list.txt"), list(1));
    let data = open(SetName::SpeechCommands, folder.path()).expect("a data set");
    assert_eq!(data.classes.len(), 12);
    // Two words, one unknown and one silence; the rest of ten words teaches, with a tenth of each.
    assert_eq!((data.test.len(), data.validation.len()), (4, 4));
    assert_eq!(data.training.len(), 56 + 6 + 6);
    let silence = (0..data.test.len()).find(|at| data.test.label(*at) == 10).expect("silence");
    let Raw::Sound(sound) = data.test.read(silence).expect("a noise") else { panic!("a picture") };
    assert_eq!(sound.samples.len(), 16000);
    let size = [49, 10, 1];
    let preparation =
        Preparation::new(&data.training, size, [-1.0, 1.0], Kind::Mfcc, Augmentation::default()).expect("features");
    let input = preparation.input(&data.test.read(0).expect("a recording"), None).expect("an input");
    assert!(input.len() == 490 && input.iter().all(|v| (-1.0..=1.0).contains(v)));
}

#[test]
fn wake_words_count_persons_that_are_large_enough() {
    let folder = tempfile::tempdir().expect("a folder");
    let instances = r#"{
        "images": [ { "id": 1, "file_name": "a.jpg", "width": 100, "height": 100, "license": 3 },
                    { "id": 2, "file_name": "b.jpg", "width": 100, "height": 100 },
                    { "id": 3, "file_name": "c.jpg", "width": 100, "height": 100 } ],
        "categories": [ { "id": 7, "name": "person" }, { "id": 8, "name": "dog" } ],
        "annotations": [ { "image_id": 1, "category_id": 7, "bbox": [0, 0, 10, 5.1] },
                         { "image_id": 2, "category_id": 7, "bbox": [0, 0, 10, 5] },
                         { "image_id": 3, "category_id": 8, "bbox": [0, 0, 90, 90] } ] }"#;
    for part in ["train2017", "val2017"] {
        write(&folder.path().join(format!("annotations/instances_{part}.json")), instances);
        for name in ["a.jpg", "b.jpg", "c.jpg"] {
            write(&folder.path().join(part).join(name), ppm(9));
        }
    }
    let data = open(SetName::VisualWakeWords, folder.path()).expect("a data set");
    assert_eq!(labels(&data.test), [1, 0, 0], "a person of half a per cent is too small, and a dog is none");
    assert!(matches!(data.test.read(0), Ok(Raw::Picture(_))));

    let path = folder.path().join("annotations/instances_val2017.json");
    write(&path, instances.replace("\"person\"", "\"cat\""));
    let error = open(SetName::VisualWakeWords, folder.path()).err().expect("no persons").to_string();
    assert!(error.contains("no category `person`"), "{error}");
    write(&path, "{\n \"images\": 3 }");
    let error = open(SetName::VisualWakeWords, folder.path()).err().expect("no COCO").to_string();
    assert!(error.contains("instances_val2017.json`, line 2 column"), "{error}");
}

#[test]
fn class_folders_are_split_or_taken_as_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    for (class, count) in [("ant", 12), ("bee", 24)] {
        for n in 0..count {
            write(&folder.path().join("plain").join(class).join(format!("{n}.ppm")), ppm(n));
            let part = if n % 3 == 0 { "val" } else { "train" };
            write(&folder.path().join("parts").join(part).join(class).join(format!("{n}.ppm")), ppm(n));
        }
    }
    let plain = open(SetName::Folders, &folder.path().join("plain")).expect("a data set");
    assert_eq!((plain.training.len(), plain.validation.len(), plain.test.len()), (22, 8, 6));
    let parts = open(SetName::Imagenet, &folder.path().join("parts")).expect("a data set");
    assert_eq!((parts.training.len() + parts.validation.len(), parts.test.len()), (24, 12));
    assert_eq!(parts.classes, ["ant", "bee"]);

    let preparation = Preparation::new(&parts.training, [8, 8, 3], [0.0, 1.0], Kind::LogMel, Augmentation::default())
        .expect("pictures");
    let input = preparation.input(&parts.test.read(1).expect("a picture"), None).expect("an input");
    assert!(input.len() == 192 && input.iter().all(|v| (v - 3.0 / 255.0).abs() < 1e-4));

    write(&folder.path().join("parts/val/ant/1.ppm"), "GIF89a");
    let parts = open(SetName::Imagenet, &folder.path().join("parts")).expect("a data set");
    let broken = (0..parts.test.len()).find_map(|at| parts.test.read(at).err()).expect("a broken picture").to_string();
    assert!(broken.contains("val/ant/1.ppm") && broken.contains("neither JPEG nor Netpbm"), "{broken}");
    fs::create_dir_all(folder.path().join("parts/train/cow")).expect("a folder");
    let error = open(SetName::Imagenet, &folder.path().join("parts")).err().expect("no pictures").to_string();
    assert!(error.contains("cow") && error.contains("no pictures"), "{error}");
}
