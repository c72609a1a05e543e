//! The promises of the ports, as tests that every adapter runs.

pub mod accept;
pub mod acts;
pub mod api_keys;
pub mod cancelling;
pub mod catalogue;
pub mod choosing;
pub mod concurrency;
pub mod deeds;
pub mod event_log;
pub mod events;
pub mod histories;
pub mod leases;
pub mod ledger;
pub mod meetings;
pub mod messages;
pub mod neighbours;
pub mod reactions;
pub mod receipts;
pub mod relationships;
mod rows;
pub mod runs_again;
mod scenario;
pub mod sessions;
pub mod settle;
pub mod spending;
pub mod unit_of_work;
pub mod users;
pub mod voiding;
pub mod waifus;
pub mod whereabouts;

use std::any::Any;
use std::sync::Arc;

use waifu_app::ports::store::{Store, StoreError};
use waifu_app::ports::turn_store::TurnStore;

/// A fresh, migrated, empty store.
#[derive(Debug)]
pub struct StoreUnderTest {
    pub store: Arc<dyn Store>,
    pub turns: Arc<dyn TurnStore>,
    /// Dropped last: the folder or the database that the store lives in.
    pub home: Box<dyn Any + Send + Sync>,
}

/// A promise holds, or panics with what broke it; an error of the store breaks it too.
pub type Promise = Result<(), StoreError>;

/// One test for each promise of the stores. `$open` names an `async fn() -> StoreUnderTest` beside the call; the crate
/// that runs this needs tokio with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! store_contract {
    ($open:ident) => {
        $crate::store_contract! { @modules $open;
            accept {
                a_first_message_opens_turn_one,
                the_same_client_message_id_is_accepted_once,
                another_text_under_the_same_id_is_a_mismatch,
                a_duplicate_is_recognised_after_she_was_deleted,
                a_second_send_while_a_run_streams_is_busy,
                a_refused_accept_writes_nothing,
                another_conversation_than_the_default_is_not_there,
                a_private_companion_of_another_user_is_not_there,
                going_private_keeps_existing_relationships,
                a_deleted_companion_is_gone_for_those_who_could_see_her,
                the_opening_holds_the_newest_messages_oldest_first,
                a_turn_is_played_with_the_version_of_its_acceptance,
                a_standing_is_that_of_the_opening,
                turn_numbers_have_no_gaps,
                event_numbers_have_no_gaps,
            }
            acts {
                an_act_whose_commit_lost_its_answer_is_done_and_told,
                an_act_whose_commit_was_lost_is_not_done,
                what_was_given_before_she_was_deleted_is_still_told,
                a_rewind_takes_back_two_hundred_messages_and_no_more,
            }
            settle {
                settle_writes_reply_rows_and_events_in_one_commit,
                a_stale_settlement_writes_nothing,
                a_run_ends_once,
                a_run_that_is_over_is_never_stale,
                a_turn_moves_affection_once,
                a_run_without_a_word_moves_nothing,
                an_incomplete_reply_is_kept_with_its_status,
                an_ended_run_makes_room_for_the_next,
                an_opened_event_pends_in_the_next_standing,
                an_event_that_pends_already_fails_the_whole_settlement,
                a_decay_row_belongs_to_the_turn_that_found_it,
            }
            cancelling {
                a_user_ends_a_run_that_a_process_holds,
                the_process_finds_out_that_its_run_was_cancelled,
                words_that_were_cut_short_move_affection_once,
                a_run_that_was_cancelled_before_a_word_moves_nothing,
                a_run_that_is_over_can_not_be_cancelled,
                a_cancellation_that_is_stale_writes_nothing,
                whoever_comes_first_ends_the_run,
            }
            runs_again {
                another_run_of_a_turn_is_number_two,
                another_run_streams_under_its_own_lease,
                another_run_whose_process_died_is_abandoned,
                words_of_another_run_become_her_answer_and_move_nothing_more,
                another_run_moves_affection_when_the_first_has_failed,
                another_run_that_fails_leaves_the_first_answer,
                the_opening_of_another_run_holds_what_came_before_its_turn,
                another_run_is_never_started_beside_one_that_streams,
                another_run_of_a_rolled_back_unit_of_work_never_was,
                she_answers_a_gift_again,
                another_run_is_the_affair_of_one_relationship,
            }
            choosing {
                candidates_come_in_the_order_of_the_runs,
                a_turn_without_words_has_no_candidates,
                an_earlier_answer_is_brought_back,
                a_choice_stands_until_there_are_new_words,
                an_answer_is_shown_with_the_status_of_its_own_run,
                a_choice_of_a_rolled_back_unit_of_work_never_was,
                the_latest_turn_comes_with_its_newest_run,
                the_latest_turn_is_the_newest_that_stands,
                the_cause_of_a_turn_is_what_was_done,
            }
            leases {
                an_expired_lease_lets_anybody_settle,
                a_living_lease_lets_only_its_holder_settle,
                a_holder_may_settle_after_its_lease_ran_out,
                a_beat_renews_the_lease_and_saves_the_words,
                a_beat_names_the_runs_that_are_lost,
                a_beat_moves_no_head,
                a_settled_run_is_never_abandoned,
                abandoned_runs_come_at_most_limit_at_a_time,
            }
            unit_of_work {
                a_committed_unit_of_work_stays,
                a_unit_of_work_sees_its_own_writes,
                a_rolled_back_unit_of_work_leaves_no_trace,
                a_dropped_unit_of_work_leaves_no_trace_and_no_lock,
                a_failed_outcome_is_rolled_back,
                a_unit_of_work_with_a_failed_call_commits_nothing,
                a_cancelled_future_in_the_middle_leaves_no_lock,
                a_cancelled_accept_is_whole_or_absent,
                a_snapshot_refuses_writes,
                a_snapshot_waits_for_no_writer,
                a_snapshot_is_one_picture,
                a_rule_book_is_kept_once,
                every_rule_book_that_was_ever_kept_is_there,
                a_store_answers_a_ping,
            }
            users {
                a_user_is_found_by_id_and_by_name,
                a_taken_name_is_refused_and_the_unit_of_work_goes_on,
                an_update_writes_back_what_may_change,
                a_password_is_changed_for_its_user_alone,
                pages_of_users_lose_nobody,
                a_locked_user_makes_the_next_one_wait,
                a_users_days_come_back_as_they_were,
                a_judge_is_told_of_the_users_days,
                microsecond_times_survive,
                unicode_names_survive,
            }
            sessions {
                a_session_is_found_by_its_current_and_its_previous_token,
                a_session_keeps_all_that_may_change,
                a_locked_session_makes_the_next_one_wait,
                a_session_is_found_by_its_family_whatever_the_token,
                sessions_that_are_revoked_are_told_from_those_that_stand,
                sessions_that_have_expired_are_forgotten_and_others_kept,
                whatever_has_ended_is_kept_for_a_day,
            }
            spending {
                what_a_run_costs_is_added_to_its_users_day,
                a_run_of_nobodys_budget_adds_nothing,
                a_settlement_that_is_refused_costs_nothing,
                a_run_that_a_reaper_or_a_user_ends_is_paid_too,
                a_run_that_closes_an_event_is_paid_too,
                many_runs_of_one_user_that_end_at_once_are_all_paid,
                what_was_spent_goes_with_its_user,
                old_days_are_forgotten_and_others_kept,
                what_all_have_used_is_counted_by_the_day,
            }
            api_keys {
                keys_are_listed_newest_first_to_their_owner_alone,
                a_key_is_found_with_how_it_stands_until_its_owner_deletes_it,
            }
            waifus {
                a_companion_comes_back_whole,
                documents_with_unknown_keys_come_back_unchanged,
                a_house_companion_is_found_by_her_key,
                a_key_is_taken_once,
                a_seeds_version_is_told_from_a_persons,
                a_store_without_companions_is_empty,
                an_edit_makes_a_new_version,
                an_edit_of_an_older_version_is_stale,
                a_deleted_companion_can_not_be_edited,
                a_companion_is_deleted_once,
                a_page_shows_what_the_viewer_may_see,
                pages_of_companions_lose_nobody,
                the_houses_companions_are_listed_whoever_may_see_them,
            }
            relationships {
                strangers_have_no_relationship,
                an_append_moves_the_relationship,
                a_stale_append_writes_nothing,
                an_append_without_a_move_keeps_the_version,
                facts_survive,
                a_ledger_is_listed_newest_first_in_pages,
                a_chat_row_quotes_what_was_said,
                a_state_holds_the_window_and_the_newest_five,
                a_voided_row_stands_no_more_and_is_voided_once,
                a_ledger_row_comes_back_whole,
                a_row_under_an_unknown_rule_book_is_refused,
            }
            messages {
                history_is_newest_first_and_the_user_speaks_first,
                pages_of_history_lose_nothing,
                an_outcome_tells_all_that_a_turn_left,
                a_streaming_turn_has_no_reply_yet,
                an_unknown_turn_has_no_outcome,
                every_relationship_has_one_default_conversation,
                unicode_text_survives,
                a_message_is_found_by_its_id,
                a_message_that_was_taken_back_is_found_by_its_id,
            }
            event_log {
                events_after_a_number_come_in_their_order_in_pages,
                nothing_has_happened_after_the_newest_event,
                nothing_has_happened_between_strangers,
                every_kind_of_event_comes_back_as_it_was_written,
                what_is_forgotten_is_gone_and_leaves_a_hole_that_shows,
                at_most_so_many_are_forgotten_and_what_is_left_has_no_holes,
                a_rolled_back_unit_of_work_forgets_nothing,
            }
            whereabouts {
                strangers_are_left_out,
                a_thousand_pairs_are_asked_for_at_once,
                the_number_is_that_of_the_newest_event,
                a_run_that_streams_is_there_with_its_words,
                runs_of_every_kind_are_there,
            }
            meetings {
                strangers_meet_with_a_default_conversation,
                two_who_know_each_other_meet_as_they_are,
                strangers_who_meet_twice_at_once_meet_once,
                who_waited_for_a_meeting_that_was_rolled_back_meets_himself,
                a_meeting_locks_those_who_know_each_other,
                strangers_who_meet_many_times_at_once_meet_once,
                all_relationships_are_walked_once_in_the_order_of_their_ids,
            }
            deeds {
                counts_and_deeds_come_with_the_relationship_and_its_state,
                a_state_holds_the_chats_and_the_deeds_of_their_horizons,
                an_entry_tells_what_was_done,
                facts_that_move_without_a_row_move_the_version,
            }
            ledger {
                rows_after_a_number_come_in_their_order_in_pages,
                the_first_chat_row_of_some_turns_is_found,
                the_row_before_a_moment_is_the_newest_of_those_before,
                buckets_sum_what_the_rows_say,
                a_row_on_a_border_belongs_to_the_part_that_begins_there,
            }
            events {
                an_occurrence_is_resolved_with_the_choice_and_the_time,
                an_occurrence_expires_at_a_time,
                closing_what_does_not_pend_fails_the_whole_append,
                a_settlement_closes_what_ran_out,
                an_event_that_ran_out_may_come_up_again_in_the_same_act,
                occurrences_are_listed_newest_first_in_pages,
                the_newest_occurrence_of_each_event_is_in_the_state,
                an_occurrence_of_another_relationship_is_not_there,
            }
            reactions {
                a_reaction_is_a_turn_without_a_message,
                reactions_and_chats_are_numbered_together,
                a_reaction_that_streams_makes_a_send_busy,
                a_second_run_is_never_started_beside_the_first,
                a_reaction_settles_like_any_run,
                a_reaction_without_a_word_leaves_no_message,
                a_reaction_whose_process_died_is_abandoned,
                an_opening_holds_the_history_before_its_turn,
                the_opening_of_a_turn_is_that_of_its_acceptance,
                a_turn_has_a_number_in_its_own_relationship_alone,
                a_reaction_of_a_rolled_back_unit_of_work_never_was,
                a_message_of_a_unit_of_work_is_a_turn_like_any,
            }
            voiding {
                voided_turns_are_in_no_history,
                pages_of_a_history_leave_out_what_is_void,
                turns_are_voided_from_a_number_on,
                voiding_again_does_nothing,
                a_voided_turn_without_an_answer_is_void_too,
                a_message_of_a_voided_turn_is_a_duplicate_still,
                voiding_touches_no_other_relationship,
                a_rolled_back_unit_of_work_voids_nothing,
            }
            receipts {
                a_receipt_comes_back_whole,
                a_receipt_is_found_until_it_expires,
                a_receipt_is_kept_once,
                an_expired_receipt_is_replaced_and_others_of_that_user_go,
                another_scope_user_or_key_is_another_receipt,
                a_rolled_back_unit_of_work_leaves_no_receipt,
                receipts_that_have_expired_are_forgotten_and_others_kept,
            }
            catalogue {
                an_entry_of_each_kind_comes_back_whole,
                a_catalogue_is_ordered_by_kind_and_key,
                an_entrys_key_is_taken_once_among_its_kind,
                an_edit_makes_a_new_version_of_an_entry,
                an_edit_of_an_older_version_of_an_entry_is_stale,
                an_entry_is_retired_and_brought_back,
                a_seeds_version_of_an_entry_is_told_from_a_persons,
                an_entry_of_a_rolled_back_unit_of_work_is_not_there,
            }
            histories {
                a_random_history_of_acts_gives_the_ledger_that_the_rules_give,
            }
            concurrency {
                forty_users_in_parallel_lose_nothing,
                two_sends_to_one_relationship_leave_one_active_run,
                fifty_sends_of_one_client_message_id_make_one_turn,
                a_run_that_many_settle_ends_once,
                corrections_in_parallel_lose_nothing,
                gifts_of_strangers_in_parallel_lose_nothing,
            }
        }
    };
    (@modules $open:ident; $($module:ident { $($promise:ident,)* })*) => {
        $(mod $module {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $promise() -> $crate::contracts::Promise {
                    let under_test = super::$open().await;
                    $crate::contracts::$module::$promise(&under_test).await
                }
            )*
        })*
    };
}
