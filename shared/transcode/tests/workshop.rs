//! Sources that ffmpeg makes, converted by the workshop and packaged by our own reader.

#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use vault_domain::conversion::{Encoding, Probe};
    use vault_domain::packaging::{
        Iv, PackagePlan, PackagerFactory as _, Presentation, Step, TICKS_PER_SECOND,
    };
    use vault_domain::ports::{Clock, Workshop as _};
    use vault_domain::secret::ContentKey;
    use vault_media::HlsPackagers;
    use vault_transcode::FfmpegWorkshop;

    use crate::support::{Folder, Noon, PICTURES, SOUND, probed};

    #[tokio::test]
    async fn the_length_is_counted_over_the_packets_and_not_told_by_the_head() {
        let folder = Folder::new("length");
        let workshop = folder.workshop();
        let deadline = Noon.now().plus(60);
        for (name, more) in [
            ("film.mkv", "-c:v mpeg4 -c:a libmp3lame"),
            ("film.ts", "-c:v mpeg2video -c:a mp2"),
            ("film.avi", "-c:v mpeg4 -c:a mp2"),
        ] {
            let film = folder.film(name, &format!("{PICTURES} {SOUND} {more}"));
            probed(&workshop, &film).await.unwrap();
            let seconds = workshop.length(deadline).await.unwrap().unwrap();
            assert!((5..=6).contains(&seconds), "{name}: {seconds}");
        }
        // The head of a Matroska file says how long it is, as a float of eight octets behind the id 0x4489.
        let mut film = folder.film("lies.mkv", &format!("{PICTURES} -c:v mpeg4"));
        let at = film.windows(3).position(|id| id == [0x44, 0x89, 0x88]);
        let at = at.unwrap() + 3;
        film[at..at + 8].copy_from_slice(&1.0_f64.to_be_bytes());
        probed(&workshop, &film).await.unwrap();
        assert_eq!(workshop.length(deadline).await.unwrap(), Ok(5));
    }

    #[tokio::test]
    async fn what_cannot_be_counted_to_its_end_in_time_has_no_length() {
        let folder = Folder::new("no-length");
        let workshop = folder.workshop();
        let film = folder.film("film.mkv", &format!("{PICTURES} -c:v mpeg4"));
        probed(&workshop, &film).await.unwrap();
        let late = workshop.length(Noon.now()).await.unwrap();
        assert_eq!(late.unwrap_err().code, "too_long_to_convert");
        workshop.clear().await.unwrap();
        workshop.bring(b"no film").await.unwrap();
        let none = workshop.length(Noon.now().plus(60)).await.unwrap();
        assert_eq!(none.unwrap_err().code, "unreadable_film");
    }

    /// Converted within so many seconds, and packaged.
    async fn converted(
        workshop: &FfmpegWorkshop,
        film: &[u8],
        seconds: u64,
    ) -> Result<Presentation, &'static str> {
        let probe = probed(workshop, film).await?;
        let encoding = Encoding::whole(&probe, 2_000).map_err(|fault| fault.code)?;
        let deadline = Noon.now().plus(seconds);
        let ended = workshop.encode(&encoding, deadline).await.unwrap();
        let size = ended.map_err(|fault| fault.code)?;
        let plan = PackagePlan {
            segment_ms: 2_000,
            segments_per_key: 10,
        };
        let mut machine = HlsPackagers.start(size, plan);
        loop {
            match machine.step().map_err(|fault| fault.code)? {
                Step::Read { offset, len } => {
                    machine.source(&workshop.read(offset, len).await.unwrap());
                }
                Step::NeedKey { .. } => {
                    machine.begin_segment(&ContentKey::new([7; 16]), Iv([9; 16]));
                }
                Step::Segment(_) => {}
                Step::Done(presentation) => return Ok(presentation),
            }
        }
    }

    fn shape(presentation: &Presentation) -> (String, (u32, u32), usize, u64) {
        let ticks: u64 = presentation
            .segments
            .iter()
            .map(|segment| segment.ticks)
            .sum();
        (
            presentation.codecs.join(","),
            presentation.resolution,
            presentation.segments.len(),
            ticks * 10 / TICKS_PER_SECOND,
        )
    }

    #[tokio::test]
    async fn films_that_are_not_packaged_as_they_are_become_ones_that_are() {
        let folder = Folder::new("containers");
        let workshop = folder.workshop();
        for (name, codecs) in [
            ("a.webm", "-c:v libvpx -deadline realtime -c:a libopus"),
            ("a.mkv", "-c:v libx264 -preset ultrafast -c:a ac3"),
            ("a.avi", "-c:v mpeg4 -c:a mp3"),
            ("a.ts", "-c:v mpeg2video -c:a mp2"),
            ("a.mov", "-c:v prores_ks -c:a pcm_s16le"),
            ("a.mxf", "-c:v mpeg2video -ar 48000 -c:a pcm_s16le"),
        ] {
            let film = folder.film(name, &format!("{PICTURES} {SOUND} {codecs}"));
            let told = converted(&workshop, &film, 600).await.unwrap();
            let (codecs, size, segments, tenths) = shape(&told);
            assert!(
                codecs.starts_with("avc1.64") && codecs.ends_with(",mp4a.40.2"),
                "{name}: {codecs}"
            );
            assert_eq!((size, segments), ((320, 180), 3), "{name}");
            assert!((49..=52).contains(&tenths), "{name}: {tenths}");
        }
    }

    #[tokio::test]
    async fn a_film_that_a_phone_turned_stands_upright() {
        let folder = Folder::new("turned");
        folder.film(
            "lying.mp4",
            &format!("{PICTURES} -c:v libx264 -preset ultrafast"),
        );
        let turned = folder.film(
            "turned.mp4",
            "-i lying.mp4 -c copy -metadata:s:v:0 rotate=90",
        );
        let told = converted(&folder.workshop(), &turned, 600).await.unwrap();
        assert_eq!(told.resolution, (180, 320));
    }

    #[tokio::test]
    async fn languages_subtitles_and_odd_sizes_come_along() {
        let folder = Folder::new("tracks");
        std::fs::write(
            folder.0.join("s.srt"),
            "1\n00:00:00,500 --> 00:00:01,500\nHello\n",
        )
        .unwrap();
        let film = folder.film(
            "a.mkv",
            "-f lavfi -i testsrc2=s=321x179:r=25:d=3 -f lavfi -i sine=d=3 -f lavfi -i sine=f=880:d=3 -i s.srt \
             -map 0 -map 1 -map 2 -map 3 -c:v libvpx -deadline realtime -c:a libopus -c:s srt \
             -metadata:s:a:0 language=eng -metadata:s:a:1 language=deu -metadata:s:s:0 language=fra",
        );
        let told = converted(&folder.workshop(), &film, 600).await.unwrap();
        assert_eq!(told.resolution, (320, 178));
        let languages: Vec<_> = told
            .renditions
            .iter()
            .map(|own| own.language.as_deref())
            .collect();
        assert_eq!(languages, [Some("en"), Some("de"), Some("fr")]);
    }

    #[tokio::test]
    async fn what_is_larger_than_it_is_shown_is_made_smaller_and_nothing_larger() {
        let folder = Folder::new("sizes");
        let workshop = folder.workshop();
        for (size, shown) in [
            ("2560x1440", (1920, 1080)),
            ("1440x2560", (1080, 1920)),
            ("64x48", (64, 48)),
        ] {
            let source = format!("-f lavfi -i testsrc2=s={size}:r=5:d=1 -c:v mpeg4 -q:v 20");
            let film = folder.film("a.avi", &source);
            let told = converted(&workshop, &film, 600).await.unwrap();
            assert_eq!(told.resolution, shown, "{size}");
        }
    }

    #[tokio::test]
    async fn what_names_other_files_is_not_followed() {
        let folder = Folder::new("hostile");
        let workshop = folder.workshop();
        std::fs::write(folder.0.join("secret"), "a secret").unwrap();
        let secret = folder.0.join("secret").display().to_string();
        for source in [
            format!("#EXTM3U\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n"),
            format!("ffconcat version 1.0\nfile {secret}\n"),
            format!(
                "<?xml version=\"1.0\"?><MPD><Period><BaseURL>{secret}</BaseURL></Period></MPD>"
            ),
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 9 RTP/AVP 96\r\n".to_owned(),
            String::new(),
        ] {
            assert_eq!(
                probed(&workshop, source.as_bytes()).await,
                Err("unreadable_film"),
                "{source}"
            );
        }
    }

    #[tokio::test]
    async fn a_source_that_is_cut_short_or_damaged_fails_or_is_what_is_left_of_it() {
        let folder = Folder::new("damaged");
        let workshop = folder.workshop();
        let whole = folder.film("a.mkv", &format!("{PICTURES} {SOUND} -c:v mpeg4 -c:a ac3"));
        for at in [0, 10, 200, whole.len() / 2] {
            let ended = converted(&workshop, &whole[..at], 600).await;
            // A container without an index does not say how long it is.
            let told = ended.map(|told| shape(&told).3);
            assert!(
                told == Err("unreadable_film") || told.as_ref().is_ok_and(|tenths| *tenths < 45),
                "{at}: {told:?}"
            );
        }
        let mut damaged = whole.clone();
        for at in (whole.len() / 4..whole.len() / 2).step_by(97) {
            damaged[at] ^= 0x5a;
        }
        assert_eq!(
            converted(&workshop, &damaged, 600)
                .await
                .map(|told| shape(&told)),
            Err("unreadable_film")
        );
    }

    #[tokio::test]
    async fn a_run_whose_time_is_up_is_ended_with_its_process() {
        let folder = Folder::new("slow");
        let workshop = folder.workshop();
        let film = folder.film(
            "a.avi",
            "-f lavfi -i testsrc2=s=640x360:r=25:d=60 -c:v mpeg4 -q:v 20",
        );
        let ended = converted(&workshop, &film, 0).await;
        assert_eq!(ended.map(|told| shape(&told)), Err("too_long_to_convert"));
        assert_eq!(left(&folder.0), Vec::<String>::new());
    }

    /// Processes that still work in a folder.
    fn left(folder: &Path) -> Vec<String> {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let inside = |place: &PathBuf| place.starts_with(folder);
        let inside = processes.filter(|entry| {
            std::fs::read_link(entry.path().join("cwd"))
                .as_ref()
                .is_ok_and(inside)
        });
        inside
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }

    #[tokio::test]
    async fn what_dead_processes_left_is_cleared_and_what_living_ones_have_is_not() {
        let folder = Folder::new("left");
        let scratch = folder.0.join("scratch");
        // No process has the largest number that Linux allows; the first one always lives.
        let (dead, living) = (scratch.join("workshop-4194305"), scratch.join("workshop-1"));
        for left in [&dead, &living] {
            std::fs::create_dir_all(left).unwrap();
            std::fs::write(left.join("source"), "left").unwrap();
        }
        let workshop = folder.workshop();
        workshop.clear().await.unwrap();
        workshop.bring(b"one ").await.unwrap();
        workshop.bring(b"two").await.unwrap();
        assert!(!dead.exists() && living.exists());
        let ours = scratch.join(format!("workshop-{}", std::process::id()));
        assert_eq!(std::fs::read(ours.join("source")).unwrap(), b"one two");
        workshop.clear().await.unwrap();
        assert_eq!(std::fs::read_dir(&ours).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn what_is_said_of_a_film_that_fails_is_kept_for_the_log_and_a_full_disk_is_no_damage() {
        let folder = Folder::new("said");
        let workshop = folder.workshop();
        assert_eq!(probed(&workshop, b"no film").await, Err("unreadable_film"));
        let said = workshop.complaint().unwrap();
        assert!(said.contains("Invalid data") && said.len() <= 400, "{said}");
        let film = folder.film("a.avi", "-f lavfi -i testsrc2=s=64x48:d=1 -c:v mpeg4");
        converted(&workshop, &film, 600).await.unwrap();
        assert_eq!(
            workshop.complaint(),
            None,
            "of another film nothing is left"
        );
        let full = folder.program("full", "echo 'x: No space left on device' >&2; exit 228");
        let workshop = FfmpegWorkshop::new(&full, folder.0.join("scratch"), Arc::new(Noon));
        workshop.clear().await.unwrap();
        let encoding = Encoding::whole(&probe_of_sound(), 2_000).unwrap();
        let ended = workshop
            .encode(&encoding, Noon.now().plus(60))
            .await
            .unwrap();
        assert_eq!(
            ended.map_err(|fault| fault.code),
            Err("too_large_to_convert")
        );
    }

    fn probe_of_sound() -> Probe {
        Probe {
            sounds: vec![vault_domain::conversion::Sound {
                channels: 2,
                rate: 48_000,
            }],
            ..Probe::default()
        }
    }

    #[tokio::test]
    async fn our_environment_is_neither_handed_on_nor_to_be_read_through_proc() {
        use std::os::unix::fs::MetadataExt as _;

        let folder = Folder::new("spy");
        // It writes what it was given; and tells of itself by succeeding.
        let spy = folder.program("spy", "export -p > environment");
        let workshop = FfmpegWorkshop::new(&spy, folder.0.join("scratch"), Arc::new(Noon));
        workshop.clear().await.unwrap();
        assert!(
            workshop.probe().await.unwrap().is_err(),
            "it told of no stream"
        );
        let scratch = folder
            .0
            .join(format!("scratch/workshop-{}", std::process::id()));
        let given = std::fs::read_to_string(scratch.join("environment")).unwrap();
        let foreign = given.lines().filter(|line| !line.contains("PWD"));
        assert_eq!(foreign.collect::<Vec<_>>(), Vec::<&str>::new());
        // What a process keeps to itself belongs to root, whoever runs it (proc(5)).
        let ours = std::fs::metadata("/proc/self/environ").unwrap();
        assert_eq!((ours.uid(), ours.mode() & 0o777), (0, 0o400));
        let dumpable = rustix::process::dumpable_behavior().unwrap();
        assert_eq!(dumpable, rustix::process::DumpableBehavior::NotDumpable);
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_a_fault_of_the_machine() {
        let folder = Folder::new("none");
        let workshop =
            FfmpegWorkshop::new("/nowhere/ffmpeg", folder.0.join("scratch"), Arc::new(Noon));
        workshop.clear().await.unwrap();
        assert!(workshop.probe().await.is_err());
    }
}
