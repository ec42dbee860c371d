//! Previews of films that ffmpeg makes: pictures and peaks, at the times at which the film has them.

#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::Arc;

    use vault_domain::id::{KeyId, PackageId};
    use vault_domain::ports::{Clock as _, Workshop as _};
    use vault_domain::preview::{self, Board, Made, PreviewPlan};
    use vault_transcode::FfmpegWorkshop;

    use crate::support::{Folder, Noon, PICTURES, SOUND, probed};

    /// Colours of a second each, as little as it takes to tell them apart: red, green, blue.
    const COLOURS: &str = "-f lavfi -i color=red:s=320x180:r=25:d=1 -f lavfi -i color=lime:s=320x180:r=25:d=1 \
        -f lavfi -i color=blue:s=320x180:r=25:d=1 -f lavfi -i sine=f=440:d=3 \
        -filter_complex [0][1][2]concat=n=3[v] -map [v] -map 3:a -c:v libx264 -pix_fmt yuv420p -c:a aac";

    async fn previewed(
        workshop: &FfmpegWorkshop,
        film: &[u8],
        plan: &PreviewPlan,
    ) -> Result<Made, &'static str> {
        let probed = probed(workshop, film).await;
        assert!(probed.is_ok(), "{probed:?}");
        let made = workshop.preview(plan, Noon.now().plus(60)).await;
        made.unwrap().map_err(|fault| fault.code)
    }

    /// The middle of a picture, as red, green and blue.
    fn middle(folder: &Folder, picture: &[u8], (x, y): (u32, u32)) -> [u8; 3] {
        std::fs::write(folder.0.join("picture.jpg"), picture).unwrap();
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.current_dir(&folder.0);
        ffmpeg.args(["-v", "error", "-i", "picture.jpg", "-vf"]);
        ffmpeg.arg(format!("crop=160:90:{x}:{y},crop=20:20,scale=1:1"));
        ffmpeg.args(["-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]);
        ffmpeg.output().unwrap().stdout.try_into().unwrap()
    }

    #[tokio::test]
    async fn a_storyboard_shows_at_each_time_what_the_film_shows_there() {
        let folder = Folder::new("previews");
        let film = folder.film("film.mp4", COLOURS);
        let workshop = folder.workshop();
        let plan = PreviewPlan {
            pictures: Some(Board::of(3_000)),
            key_frames: false,
            sound: true,
        };
        let made = previewed(&workshop, &film, &plan).await.unwrap();
        let tiles = [0, 160, 320].map(|x| middle(&folder, &made.sheets[0], (x, 0)));
        let bright = tiles.map(|tile| tile.map(|part| part > 128));
        assert_eq!(
            bright,
            [
                [true, false, false],
                [false, true, false],
                [false, false, true]
            ],
            "{tiles:?}"
        );
        let ids = (PackageId::from_octets([1; 16]), KeyId::from_octets([2; 16]));
        let (set, files) = preview::checked(&plan, made, ids).unwrap();
        assert_eq!((set.pictures, set.waveform), (Some(((320, 180), 1)), true));
        let waveform: serde_json::Value = serde_json::from_slice(&files[3].1).unwrap();
        let length = waveform["length"].as_u64().unwrap();
        let each = waveform["samples_per_pixel"].as_u64().unwrap();
        assert!(
            (23_000..26_000).contains(&(length * each)),
            "{length} of {each}"
        );
        let loud = waveform["data"].as_array().unwrap().iter();
        let loud = loud
            .filter(|value| value.as_i64().unwrap().abs() > 8)
            .count();
        assert!(loud as u64 > length, "{loud} of {length}");
    }

    #[tokio::test]
    async fn a_film_that_is_shorter_than_it_says_has_whole_sheets_all_the_same() {
        let folder = Folder::new("previews-short");
        let film = folder.film("film.mkv", &format!("{PICTURES} -c:v mpeg4 -an"));
        let workshop = folder.workshop();
        for (length_ms, sheets) in [(250_000, 3), (40, 1), (9 * 3_600_000, 10)] {
            let plan = PreviewPlan {
                pictures: Some(Board::of(length_ms)),
                key_frames: false,
                sound: false,
            };
            let made = previewed(&workshop, &film, &plan).await.unwrap();
            assert_eq!((made.sheets.len(), made.peaks.as_ref()), (sheets, None));
            let ids = (PackageId::from_octets([1; 16]), KeyId::from_octets([2; 16]));
            preview::checked(&plan, made, ids).unwrap();
        }
    }

    #[tokio::test]
    async fn of_a_sound_there_are_peaks_alone_and_nothing_of_the_film_before() {
        let folder = Folder::new("previews-sound");
        let workshop = folder.workshop();
        let sound = folder.film("sound.m4a", &format!("{SOUND} -c:a aac"));
        let plan = PreviewPlan {
            pictures: None,
            key_frames: false,
            sound: true,
        };
        let made = previewed(&workshop, &sound, &plan).await.unwrap();
        assert!(made.poster.is_empty() && made.sheets.is_empty());
        assert!(!made.peaks.unwrap().is_empty());
        let late = workshop.preview(&plan, Noon.now()).await.unwrap();
        assert_eq!(late.unwrap_err().code, "too_long_to_preview");
        workshop.clear().await.unwrap();
        workshop.bring(b"no film").await.unwrap();
        let none = workshop.preview(&plan, Noon.now().plus(60)).await.unwrap();
        assert_eq!(none.unwrap_err().code, "unreadable_film");
    }

    #[tokio::test]
    async fn what_a_program_left_as_pictures_is_no_more_read_than_a_picture_may_have() {
        let folder = Folder::new("previews-large");
        let program = "head -c 5000000 /dev/zero > poster.jpg; head -c 5000000 /dev/zero > sheet-0.jpg; \
            head -c 5000000 /dev/zero > sheet-1.jpg; head -c 300000 /dev/zero";
        let program = folder.program("large", program);
        let workshop = FfmpegWorkshop::new(&program, folder.0.join("scratch"), Arc::new(Noon));
        workshop.clear().await.unwrap();
        let plan = PreviewPlan {
            pictures: Some(Board::of(3_000)),
            key_frames: false,
            sound: true,
        };
        let made = workshop.preview(&plan, Noon.now().plus(60)).await;
        let made = made.unwrap().unwrap();
        let octets: Vec<_> = made.sheets.iter().map(Vec::len).collect();
        let most = preview::MAX_PICTURE_OCTETS + 1;
        assert_eq!((made.poster.len(), &octets[..]), (most, &[most][..]));
        let ids = (PackageId::from_octets([1; 16]), KeyId::from_octets([2; 16]));
        assert!(preview::checked(&plan, made, ids).is_err());
    }

    /// Plans both of a film of so many seconds.
    fn all_of(seconds: u64) -> PreviewPlan {
        PreviewPlan {
            pictures: Some(Board::of(seconds * 1_000)),
            key_frames: false,
            sound: true,
        }
    }

    #[tokio::test]
    async fn sheets_of_noise_fit() {
        let folder = Folder::new("previews-noise");
        let film = folder.film(
            "film.mkv",
            "-f rawvideo -pix_fmt yuvj420p -s 160x90 -r 1 -t 100 -i /dev/urandom -c:v ffv1",
        );
        let plan = PreviewPlan {
            sound: false,
            ..all_of(100)
        };
        let made = previewed(&folder.workshop(), &film, &plan).await.unwrap();
        let octets = made.sheets[0].len();
        assert!(
            (700_000..=preview::MAX_PICTURE_OCTETS).contains(&octets),
            "{octets}"
        );
    }

    #[tokio::test]
    async fn pictures_that_begin_late_stand_at_their_own_times() {
        let folder = Folder::new("previews-late-pictures");
        let film = folder.film(
            "film.mkv",
            "-f lavfi -i sine=d=6 -f lavfi -i color=red:s=320x180:r=25:d=1 -f lavfi -i color=lime:s=320x180:r=25:d=2 \
             -filter_complex [1][2]concat=n=2,setpts=PTS+3/TB[v] -map [v] -map 0:a -c:v mpeg4 -c:a mp2",
        );
        let made = previewed(&folder.workshop(), &film, &all_of(6)).await;
        let sheet = &made.unwrap().sheets[0];
        let red: Vec<_> = (0..6)
            .map(|at| middle(&folder, sheet, (160 * at, 0))[0] > 128)
            .collect();
        // Before the first picture there is that one; from 4 s on all is green.
        assert_eq!(red, [true, true, true, true, false, false]);
    }

    #[tokio::test]
    async fn sound_that_begins_late_or_pauses_has_its_peaks_at_their_own_times() {
        let folder = Folder::new("previews-late-sound");
        let film = folder.film(
            "film.mkv",
            "-f lavfi -i testsrc2=s=320x180:r=25:d=9 -f lavfi -i sine=f=440:d=4 \
             -filter_complex [1]asetpts='PTS+if(lt(T,2),3,5)/TB'[a] -map 0:v -map [a] -c:v mpeg4 -c:a pcm_s16le",
        );
        let made = previewed(&folder.workshop(), &film, &all_of(9)).await;
        let ids = (PackageId::from_octets([1; 16]), KeyId::from_octets([2; 16]));
        let (_, files) = preview::checked(&all_of(9), made.unwrap(), ids).unwrap();
        let waveform: serde_json::Value = serde_json::from_slice(&files[3].1).unwrap();
        let each = waveform["samples_per_pixel"].as_u64().unwrap();
        let data = waveform["data"].as_array().unwrap();
        let loud: Vec<_> = [1, 4, 6, 8]
            .map(|second: u64| {
                let at = usize::try_from((second * 8_000 + 4_000) / each).unwrap();
                data[2 * at + 1].as_i64().unwrap() > 8
            })
            .to_vec();
        assert_eq!(loud, [false, true, false, true]);
    }
}
