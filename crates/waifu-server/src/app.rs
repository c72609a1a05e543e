//! The composition root: the one place where ports meet their adapters.

use std::sync::Arc;
use std::time::Duration;

use adapters_llm::expressions::ReadExpressions;
use adapters_llm::lexicon::LexiconAppraiser;
use adapters_llm::offline::{OfflineCompanion, OfflineOptions};
use adapters_llm::openai::{OpenAiModel, OpenAiOptions, Timeouts};
use adapters_postgres::{PostgresOptions, PostgresStore};
use adapters_sqlite::{SqliteOptions, SqliteStore};
use anyhow::{Context, bail};
use secrecy::ExposeSecret;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use waifu_app::catalogues::Catalogues;
use waifu_app::identity::Identity;
use waifu_app::ports::access_tokens::AccessTokens;
use waifu_app::ports::appraiser::Appraiser;
use waifu_app::ports::clock::Clock;
use waifu_app::ports::ids::IdSource;
use waifu_app::ports::language_model::{LanguageModel, ModelKind};
use waifu_app::ports::neighbours::{Neighbours, NoNeighbours};
use waifu_app::ports::passwords::Passwords;
use waifu_app::ports::secrets::SecretSource;
use waifu_app::ports::store::Store;
use waifu_app::ports::turn_store::TurnStore;
use waifu_app::turns::hub::Hub;
use waifu_app::turns::{Supervisor, SupervisorParts, TurnLimits};
use waifu_app::use_cases::{
    Acts, ActsParts, AwaitAnswer, ChangePassword, CreateWaifu, DeleteWaifu, DemoUser,
    EditCatalogue, EditMessage, EndSession, EraseUser, ExportData, Follow, ForgetEnded, GetWaifu,
    Guesses, ListEvents, ListOffers, ListUsers, ListWaifus, ManageApiKeys, MarkMinor, OpenSession,
    ReadAffection, ReadHistory, ReadLedger, ReadProfile, ReadRelationship, ReadUsage, Refresh,
    Register, ResetPassword, Roles, SeedCatalogue, SeedWaifus, SendMessage, SignIn, SuspendUser,
    UpdateProfile, UpdateWaifu,
};

use crate::auth::access_tokens::JwtAccessTokens;
use crate::auth::passwords::Argon2Passwords;
use crate::auth::secret_key::SecretKey;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::rules::Rules;
use crate::seeds::Planter;
use crate::settings::{LlmSettings, Settings, StoreSettings};
use crate::sockets::census::Census;
use crate::system::{RandomSecrets, SystemClock, TimeOrderedIds};

/// What the doors call.
#[derive(Debug, Clone)]
pub struct App {
    pub settings: Settings,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub identity: Identity,
    pub store: Arc<dyn Store>,
    pub census: Arc<Census>,
    pub metrics: Metrics,
    pub limits: Limits,
    pub supervisor: Supervisor,
    /// Cancelled when every socket has to close.
    pub closing: CancellationToken,
    pub model_kind: ModelKind,
    pub register: Register,
    pub sign_in: SignIn,
    pub end_session: EndSession,
    pub change_password: ChangePassword,
    pub manage_api_keys: ManageApiKeys,
    pub export_data: ExportData,
    pub erase_user: EraseUser,
    pub suspend_user: SuspendUser,
    pub list_users: ListUsers,
    pub mark_minor: MarkMinor,
    pub reset_password: ResetPassword,
    pub edit_catalogue: EditCatalogue,
    pub read_usage: ReadUsage,
    pub forget_ended: ForgetEnded,
    pub refresh: Refresh,
    pub demo_user: DemoUser,
    pub read_profile: ReadProfile,
    pub list_waifus: ListWaifus,
    pub get_waifu: GetWaifu,
    pub create_waifu: CreateWaifu,
    pub update_waifu: UpdateWaifu,
    pub delete_waifu: DeleteWaifu,
    pub catalogues: Arc<Catalogues>,
    pub acts: Acts,
    pub list_offers: ListOffers,
    pub list_events: ListEvents,
    pub roles: Roles,
    pub update_profile: UpdateProfile,
    pub send_message: SendMessage,
    pub edit_message: EditMessage,
    pub follow: Follow,
    pub read_history: ReadHistory,
    pub read_relationship: ReadRelationship,
    pub read_ledger: ReadLedger,
    pub read_affection: ReadAffection,
}

/// A store in its two shapes, opened and migrated.
#[derive(Debug, Clone)]
pub struct Stores {
    pub store: Arc<dyn Store>,
    pub turns: Arc<dyn TurnStore>,
    pub neighbours: Arc<dyn Neighbours>,
}

/// What everything stands on: the rule book, and a store that knows it.
#[derive(Debug, Clone)]
pub struct Foundation {
    stores: Stores,
    rules: Rules,
}

impl Foundation {
    /// Opens the store, which migrates it.
    pub async fn lay(settings: &Settings) -> anyhow::Result<Self> {
        let rules = Rules::load(&settings.rules)?;
        let stores = open_stores(&settings.store).await?;
        let kept = stores.store.keep_rule_book(&rules.book).await;
        kept.context("failed to store the rule book")?;
        Ok(Self { stores, rules })
    }

    pub fn planter(&self) -> Planter {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn IdSource> = Arc::new(TimeOrderedIds);
        Planter {
            waifus: SeedWaifus {
                store: Arc::clone(&self.stores.store),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
            },
            catalogue: SeedCatalogue {
                store: Arc::clone(&self.stores.store),
                clock,
                ids,
                rule_book: Arc::clone(&self.rules.book),
            },
            rules: self.rules.clone(),
        }
    }
}

impl App {
    /// Opens the store, fills it if it is empty, and starts the supervisor on the runtime that this is called on.
    pub async fn build(settings: Settings) -> anyhow::Result<Self> {
        let foundation = Foundation::lay(&settings).await?;
        let planter = foundation.planter();
        planter.plant_missing().await?;
        planter.check().await?;
        let model = language_model(&settings)?;
        let app = Self::on(foundation, settings, model, Arc::new(SystemClock)).await?;
        app.supervisor.tend();
        Ok(app)
    }

    /// For a life at another time: nobody waits for the words, and what others left behind is not its affair.
    pub async fn for_demo(
        settings: Settings,
        foundation: Foundation,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let model = Arc::new(OfflineCompanion::new(OfflineOptions::default()));
        Self::on(foundation, settings, model, clock).await
    }

    async fn on(
        foundation: Foundation,
        settings: Settings,
        model: Arc<dyn LanguageModel>,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let catalogues = Catalogues::load(Arc::clone(&foundation.stores.store)).await;
        let catalogues = Arc::new(catalogues.context("failed to read the catalogue")?);
        let key = SecretKey::load_or_create(&settings.server.data_dir)?;
        Ok(Self::compose(
            settings, foundation, catalogues, &key, model, clock,
        ))
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a line or two for each port and each use case"
    )]
    fn compose(
        settings: Settings,
        foundation: Foundation,
        catalogues: Arc<Catalogues>,
        key: &SecretKey,
        model: Arc<dyn LanguageModel>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let Foundation {
            stores:
                Stores {
                    store,
                    turns,
                    neighbours,
                },
            rules: Rules {
                book: rule_book, ..
            },
        } = foundation;
        let ids: Arc<dyn IdSource> = Arc::new(TimeOrderedIds);
        let secrets: Arc<dyn SecretSource> = Arc::new(RandomSecrets);
        let passwords: Arc<dyn Passwords> = Arc::new(Argon2Passwords::new());
        let lifetime = time::Duration::minutes(settings.auth.access_token_minutes.into());
        let access_tokens: Arc<dyn AccessTokens> = Arc::new(JwtAccessTokens::new(key, lifetime));
        let guesses = Guesses::default();
        let appraiser: Arc<dyn Appraiser> = Arc::new(LexiconAppraiser::new());
        let identity = Identity::new(
            Arc::clone(&access_tokens),
            Arc::clone(&store),
            Arc::clone(&clock),
        );
        let hub = Hub::new(Arc::clone(&store), Arc::clone(&catalogues));
        let limits = TurnLimits {
            runs: settings.turns.streaming,
            runs_per_user: settings.turns.streaming_per_user,
            tokens_per_user_and_day: settings.limits.budget(),
            ..TurnLimits::default()
        };
        let answer_patience = limits.whole_reply + Duration::from_secs(15);
        let model_kind = model.kind();
        let parts = SupervisorParts {
            turns,
            store: Arc::clone(&store),
            model,
            hub: hub.clone(),
            neighbours,
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            rule_book: Arc::clone(&rule_book),
            catalogues: Arc::clone(&catalogues),
            expressions: Arc::new(ReadExpressions),
        };
        let supervisor = Supervisor::new(parts, limits, Handle::current());
        let open_session = OpenSession {
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            secrets: Arc::clone(&secrets),
            access_tokens: Arc::clone(&access_tokens),
        };
        let read_relationship = ReadRelationship {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            rule_book: Arc::clone(&rule_book),
        };
        let acts = Acts::new(ActsParts {
            store: Arc::clone(&store),
            hub: hub.clone(),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            rule_book: Arc::clone(&rule_book),
            catalogues: Arc::clone(&catalogues),
            supervisor: supervisor.clone(),
            read_relationship: read_relationship.clone(),
            patience: answer_patience,
        });
        Self {
            register: Register {
                store: Arc::clone(&store),
                passwords: Arc::clone(&passwords),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
                open_session: open_session.clone(),
            },
            sign_in: SignIn {
                store: Arc::clone(&store),
                passwords: Arc::clone(&passwords),
                guesses: guesses.clone(),
                clock: Arc::clone(&clock),
                open_session: open_session.clone(),
            },
            end_session: EndSession {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
                identity: identity.clone(),
            },
            change_password: ChangePassword {
                store: Arc::clone(&store),
                passwords: Arc::clone(&passwords),
                guesses,
                clock: Arc::clone(&clock),
                identity: identity.clone(),
            },
            export_data: ExportData {
                store: Arc::clone(&store),
            },
            erase_user: EraseUser {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
                identity: identity.clone(),
            },
            manage_api_keys: ManageApiKeys {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
                secrets: Arc::clone(&secrets),
                identity: identity.clone(),
            },
            list_users: ListUsers {
                store: Arc::clone(&store),
            },
            mark_minor: MarkMinor {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
            },
            reset_password: ResetPassword {
                store: Arc::clone(&store),
                passwords,
                secrets: Arc::clone(&secrets),
                clock: Arc::clone(&clock),
                identity: identity.clone(),
            },
            edit_catalogue: EditCatalogue {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
                rule_book: Arc::clone(&rule_book),
                catalogues: Arc::clone(&catalogues),
            },
            forget_ended: ForgetEnded {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
            },
            read_usage: ReadUsage {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
            },
            suspend_user: SuspendUser {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
                identity: identity.clone(),
            },
            refresh: Refresh {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
                secrets,
                identity: identity.clone(),
                open_session: open_session.clone(),
            },
            demo_user: DemoUser {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
                open_session,
            },
            read_profile: ReadProfile {
                store: Arc::clone(&store),
            },
            list_waifus: ListWaifus {
                store: Arc::clone(&store),
            },
            get_waifu: GetWaifu {
                store: Arc::clone(&store),
            },
            create_waifu: CreateWaifu {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
                ids: Arc::clone(&ids),
            },
            update_waifu: UpdateWaifu {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
            },
            delete_waifu: DeleteWaifu {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
            },
            follow: Follow {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
                hub: hub.clone(),
                acts: acts.clone(),
                read_relationship: read_relationship.clone(),
            },
            edit_message: EditMessage {
                appraiser: Arc::clone(&appraiser),
                acts: acts.clone(),
            },
            acts,
            list_offers: ListOffers {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
                rule_book,
                catalogues: Arc::clone(&catalogues),
                read_relationship: read_relationship.clone(),
            },
            list_events: ListEvents {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
            },
            roles: Roles {
                store: Arc::clone(&store),
            },
            update_profile: UpdateProfile {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
            },
            send_message: SendMessage {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
                hub,
                appraiser,
                supervisor: supervisor.clone(),
                await_answer: AwaitAnswer {
                    store: Arc::clone(&store),
                    read_relationship: read_relationship.clone(),
                    patience: answer_patience,
                },
            },
            read_history: ReadHistory {
                store: Arc::clone(&store),
            },
            read_relationship,
            read_ledger: ReadLedger {
                store: Arc::clone(&store),
            },
            read_affection: ReadAffection {
                store: Arc::clone(&store),
                clock: Arc::clone(&clock),
            },
            catalogues,
            limits: Limits::in_process(&settings.limits, Arc::clone(&clock)),
            settings,
            clock,
            ids,
            identity,
            store,
            census: Arc::default(),
            metrics: Metrics::new(),
            supervisor,
            closing: CancellationToken::new(),
            model_kind,
        }
    }
}

/// Opens the store that the url names, and brings its schema up to date.
pub async fn open_stores(settings: &StoreSettings) -> anyhow::Result<Stores> {
    let url = settings.url.expose_secret();
    if let Some(path) = url.strip_prefix("sqlite://") {
        let options = SqliteOptions {
            readers: settings.pool_size,
            ..SqliteOptions::new(path)
        };
        let opened = tokio::task::spawn_blocking(move || SqliteStore::open(&options)).await?;
        let store = opened.with_context(|| format!("failed to open the SQLite database {path}"))?;
        let store = Arc::new(store);
        return Ok(Stores {
            turns: Arc::clone(&store) as Arc<dyn TurnStore>,
            store,
            // A file belongs to one process.
            neighbours: Arc::new(NoNeighbours),
        });
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        let options = PostgresOptions {
            pool_size: settings.pool_size,
            ..PostgresOptions::new(url)
        };
        let store = PostgresStore::open(options)
            .await
            .context("failed to open the PostgreSQL database")?;
        let neighbours = store.neighbours();
        let neighbours = neighbours.context("failed to prepare for other servers")?;
        let store = Arc::new(store);
        return Ok(Stores {
            turns: Arc::clone(&store) as Arc<dyn TurnStore>,
            neighbours: Arc::new(neighbours),
            store,
        });
    }
    bail!("store.url must start with sqlite:// or postgres://");
}

fn language_model(settings: &Settings) -> anyhow::Result<Arc<dyn LanguageModel>> {
    let llm = &settings.llm;
    if !llm.is_configured() {
        let options = OfflineOptions {
            words_per_second: settings.offline.words_per_second,
            seed: 0,
        };
        return Ok(Arc::new(OfflineCompanion::new(options)));
    }
    let model =
        OpenAiModel::new(openai_options(llm)).context("failed to set up the language model")?;
    Ok(Arc::new(model))
}

fn openai_options(llm: &LlmSettings) -> OpenAiOptions {
    let has_key = !llm.api_key.expose_secret().is_empty();
    OpenAiOptions {
        base_url: llm.base_url.clone(),
        model: llm.model.clone(),
        api_key: has_key.then(|| llm.api_key.clone()),
        max_tokens: llm.max_tokens,
        temperature: None,
        timeouts: Timeouts {
            connect: Duration::from_secs(llm.connect_timeout_seconds),
            first_word: Duration::from_secs(llm.first_word_timeout_seconds),
            next_word: Duration::from_secs(llm.next_word_timeout_seconds),
        },
    }
}
