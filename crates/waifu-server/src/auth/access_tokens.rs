//! Access tokens as JWTs, signed by one pinned algorithm.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use time::Duration;
use waifu_app::caller::SessionHolder;
use waifu_app::ports::access_tokens::{AccessTokens, TokenRefused, VerifiedToken};
use waifu_domain::ids::{SessionId, UserId};
use waifu_domain::timestamp::Timestamp;

use super::secret_key::SecretKey;

const ISSUER: &str = "waifu-server";
const AUDIENCE: &str = "waifu-api";
/// Tells an access token from any other JWT that this key may come to sign.
const TYPE: &str = "at+jwt";
/// Clocks of two nodes may differ by so much.
const LEEWAY: Duration = Duration::seconds(5);

pub struct JwtAccessTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    lifetime: Duration,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    exp: i64,
}

impl JwtAccessTokens {
    pub fn new(key: &SecretKey, lifetime: Duration) -> Self {
        Self {
            encoding: EncodingKey::from_secret(key.as_bytes()),
            decoding: DecodingKey::from_secret(key.as_bytes()),
            lifetime,
        }
    }
}

impl AccessTokens for JwtAccessTokens {
    fn issue(&self, holder: SessionHolder, now: Timestamp) -> String {
        let seconds = now.to_datetime().unix_timestamp();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: holder.user_id,
            sid: holder.session_id,
            iat: seconds,
            exp: seconds + self.lifetime.whole_seconds(),
        };
        let header = Header {
            typ: Some(TYPE.to_owned()),
            ..Header::new(Algorithm::HS256)
        };
        encode(&header, &claims, &self.encoding).expect("claims of plain text can be signed")
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedToken, TokenRefused> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        // The library would ask the machine's clock; ours is an argument.
        validation.validate_exp = false;
        let token = decode::<Claims>(token, &self.decoding, &validation)
            .map_err(|_| TokenRefused::Invalid)?;
        if token.header.typ.as_deref() != Some(TYPE) {
            return Err(TokenRefused::Invalid);
        }
        let Claims { sub, sid, exp, .. } = token.claims;
        let expires_at = Timestamp::from_unix_micros(exp.saturating_mul(1_000_000));
        if expires_at.plus(LEEWAY) <= now {
            return Err(TokenRefused::Expired);
        }
        Ok(VerifiedToken {
            holder: SessionHolder {
                user_id: sub,
                session_id: sid,
            },
            expires_at,
        })
    }

    fn lifetime(&self) -> Duration {
        self.lifetime
    }
}

impl std::fmt::Debug for JwtAccessTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JwtAccessTokens")
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn tokens() -> JwtAccessTokens {
        let folder = tempfile::tempdir().unwrap();
        let key = SecretKey::load_or_create(folder.path()).unwrap();
        JwtAccessTokens::new(&key, Duration::minutes(15))
    }

    fn holder() -> SessionHolder {
        SessionHolder {
            user_id: Uuid::from_u128(1).into(),
            session_id: Uuid::from_u128(2).into(),
        }
    }

    fn now() -> Timestamp {
        Timestamp::from_unix_micros(1_767_636_000_000_000)
    }

    fn signed(tokens: &JwtAccessTokens, header: &Header, change: impl Fn(&mut Claims)) -> String {
        let seconds = now().to_datetime().unix_timestamp();
        let mut claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: holder().user_id,
            sid: holder().session_id,
            iat: seconds,
            exp: seconds + 60,
        };
        change(&mut claims);
        encode(header, &claims, &tokens.encoding).unwrap()
    }

    fn access_header() -> Header {
        Header {
            typ: Some(TYPE.to_owned()),
            ..Header::new(Algorithm::HS256)
        }
    }

    #[test]
    fn a_token_names_its_holder_until_it_expires() {
        let tokens = tokens();
        let token = tokens.issue(holder(), now());
        assert_eq!(tokens.verify(&token, now()).unwrap().holder, holder());
        let late = now().plus(Duration::minutes(15) + LEEWAY);
        assert!(
            tokens
                .verify(&token, late.minus(Duration::seconds(1)))
                .is_ok()
        );
        assert_eq!(tokens.verify(&token, late), Err(TokenRefused::Expired));
    }

    #[test]
    fn a_token_of_another_audience_issuer_type_or_key_is_refused() {
        let tokens = tokens();
        let good = signed(&tokens, &access_header(), |_| {});
        assert!(tokens.verify(&good, now()).is_ok());
        let refused = [
            signed(&tokens, &access_header(), |claims| {
                claims.aud = "elsewhere".to_owned();
            }),
            signed(&tokens, &access_header(), |claims| {
                claims.iss = "somebody".to_owned();
            }),
            signed(&tokens, &Header::new(Algorithm::HS256), |_| {}),
            signed(
                &tokens,
                &Header {
                    alg: Algorithm::HS512,
                    ..access_header()
                },
                |_| {},
            ),
            // {"alg":"none","typ":"at+jwt"}
            format!(
                "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.",
                good.split('.').nth(1).unwrap()
            ),
            super::tests::tokens().issue(holder(), now()),
        ];
        for token in refused {
            assert_eq!(
                tokens.verify(&token, now()),
                Err(TokenRefused::Invalid),
                "{token}"
            );
        }
    }
}
