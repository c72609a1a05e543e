//! The page on which the API is read and tried out.

use crate::support::rest::{Answer, Door};
use crate::support::world::World;

scenarios! {
    everywhere: [
        the_page_is_whole_without_any_other_host,
    ],
}

async fn the_page_is_whole_without_any_other_host(world: World) {
    let server = world.server().await;
    let page = guarded(&server.door, "/docs", "text/html; charset=utf-8").await;
    let loaded: Vec<&str> = ["src=\"", "href=\""]
        .iter()
        .flat_map(|attribute| after_each(&page.text, attribute))
        .map(|rest| rest.split('"').next().expect("a value"))
        .collect();
    assert_eq!(loaded.len(), 4, "{}", page.text);
    for path in loaded {
        let media = match path.rsplit('.').next() {
            Some("css") => "text/css",
            Some("js") => "text/javascript",
            Some("png") => "image/png",
            other => panic!("what is a {other:?}?"),
        };
        assert!(is_here(path), "{path}");
        let file = guarded(&server.door, path, media).await;
        assert!(!file.text.is_empty(), "{path}");
        if media == "text/css" {
            assert!(!file.text.contains("@import"));
            for url in after_each(&file.text, "url(") {
                let url = url.trim_start_matches(['"', '\'']);
                assert!(url.starts_with("data:") || is_here(url), "{url:.80}");
            }
        }
    }

    let start = server.door.get("/docs/start.js").await;
    assert!(!start.text.contains("://"), "{}", start.text);
    let document = after_each(&start.text, "url: \"").next().expect("a url");
    let document = document.split('"').next().expect("a value");
    assert_eq!(document, "/openapi.json");
    let document = server.door.get(document).await.ok();
    assert_eq!(document["info"]["title"], "waifu-server");

    for path in [
        "/docs/nothing.js",
        "/docs/swagger-initializer.js",
        "/docs/..%2fx",
    ] {
        server.door.get(path).await.problem(404, "not_found");
    }
}

/// What is there, with a policy by which nothing comes from elsewhere, whatever a script may try.
async fn guarded(door: &Door, path: &str, media: &str) -> Answer {
    let answer = door.get(path).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, media),
        "{path}"
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let policy = answer.header("content-security-policy");
    let mut directives = policy.split(';').map(str::trim);
    assert_eq!(directives.next(), Some("default-src 'none'"), "{policy}");
    for directive in directives {
        let (name, sources) = directive.split_once(' ').expect("sources");
        for source in sources.split(' ') {
            let is_ours = match source {
                "'none'" | "'self'" => true,
                "data:" => name == "img-src",
                _ => false,
            };
            assert!(is_ours, "{directive}");
        }
    }
    answer
}

/// A path of this server, and not one that only looks like it.
fn is_here(url: &str) -> bool {
    url.starts_with('/') && !url.starts_with("//")
}

fn after_each<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(mark)
        .map(|(start, _)| &text[start + mark.len()..])
}
