//! `PATCH /waifus/{id}`

use actix_web::{HttpResponse, patch, web};
use serde_json::{Map, Value, json};
use waifu_app::use_cases::{WaifuChange, WaifuDraft};
use waifu_domain::ids::WaifuId;
use waifu_domain::waifu::{Owner, Waifu};

use super::create::WaifuBody;
use super::shown;
use crate::app::App;
use crate::auth::bearer::MayWrite;
use crate::problem::{Problem, ProblemDocument};
use crate::rest::body::{Body, parse_value};
use crate::rest::preconditions::IfMatch;
use crate::rest::query::WaifuPath;
use crate::rest::views::WaifuView;

/// Change a companion of your own
///
/// The body is a JSON merge patch (RFC 7396): what it names is replaced, null removes, the rest stays. `If-Match`
/// must hold the version that you saw.
#[utoipa::path(
    operation_id = "update_waifu",
    tag = "companions",
    security(("access_token" = [])),
    params(
        ("id" = Uuid, Path),
        ("If-Match" = String, Header, description = "the ETag that you saw, such as `\"3\"`"),
    ),
    request_body(content = Object, description = "a merge patch of the body that makes a companion"),
    responses(
        (status = 200, description = "her, as she is now", body = WaifuView),
        (status = 400, description = "`malformed_json`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "`unauthenticated`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "`not_owner`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "`companion_gone`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 412, description = "`precondition_failed`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "`too_large`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`validation`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 428, description = "`precondition_required`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[patch("/{id}")]
pub async fn update(
    app: web::Data<App>,
    caller: MayWrite,
    id: WaifuPath,
    if_match: IfMatch,
    patch: Body<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    let expected = if_match.required()?;
    let owner = Owner::User(caller.0.user_id);
    let waifu = change(&app, owner, id.0, expected, patch.0).await?;
    Ok(shown(HttpResponse::Ok(), waifu))
}

/// Merges a patch into what is there, if that still is the expected version.
pub async fn change(
    app: &App,
    owner: Owner,
    id: WaifuId,
    expected_version: u32,
    patch: Map<String, Value>,
) -> Result<Waifu, Problem> {
    let seen = app.get_waifu.to_edit(owner, id).await?;
    let mut document = editable(&seen);
    merge(&mut document, Value::Object(patch));
    let WaifuDraft {
        profile,
        visibility,
    } = parse_value::<WaifuBody>(document)?.into();
    // Should she have been edited since she was read just now, her version tells, and nothing is written.
    let change = WaifuChange {
        id,
        expected_version,
        profile,
        visibility,
    };
    Ok(app.update_waifu.execute(owner, change).await?)
}

fn editable(waifu: &Waifu) -> Value {
    json!({
        "name": waifu.profile.name,
        "personality": waifu.profile.personality,
        "appearance": waifu.profile.appearance,
        "stats": waifu.profile.stats,
        "visibility": waifu.visibility,
    })
}

/// RFC 7396.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let fields = target.as_object_mut().expect("it was made one");
    for (key, value) in patch {
        if value.is_null() {
            fields.remove(&key);
        } else {
            merge(fields.entry(key).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 7396, appendix A.
    #[test]
    fn a_merge_patch_does_what_its_standard_says() {
        let cases = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": "b"}),
                json!({"b": "c"}),
                json!({"a": "b", "b": "c"}),
            ),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (
                json!({"a": [{"b": "c"}]}),
                json!({"a": [1]}),
                json!({"a": [1]}),
            ),
            (
                json!({"e": null}),
                json!({"a": 1}),
                json!({"e": null, "a": 1}),
            ),
            (
                json!([1, 2]),
                json!({"a": "b", "c": null}),
                json!({"a": "b"}),
            ),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ];
        for (mut target, patch, merged) in cases {
            merge(&mut target, patch);
            assert_eq!(target, merged);
        }
    }
}
