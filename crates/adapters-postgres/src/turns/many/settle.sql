-- Ends the runs that can be ended at once; what it has no row for is somebody else's to explain.
with asked as (
    select *
    from unnest(
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25
    ) as asked (
        turn_id, run, relationship_id, conversation_id, turn_no, holder, once_run_out, status, reason,
        prompt_tokens, completion_tokens, at, message_id, content, emotion, expected_seq, head_seq,
        entry_no, version, affection, level, facts, last_interaction, counts, deeds
    )
), locked as (
    select asked.*
    from asked
    join relationships on relationships.id = asked.relationship_id
    join runs on runs.turn_id = asked.turn_id and runs.run = asked.run
    where relationships.head_seq = asked.expected_seq
        and runs.ended_at is null
        and (asked.holder is null or asked.holder = runs.lease_owner)
        and (not asked.once_run_out or runs.lease_until < clock_timestamp())
    order by asked.relationship_id
    -- Heartbeats hold many runs at once.
    for no key update of relationships, runs skip locked
), moved as (
    update relationships
    set head_seq = locked.head_seq,
        last_entry_no = coalesce(locked.entry_no, relationships.last_entry_no),
        version = coalesce(locked.version, relationships.version),
        affection = coalesce(locked.affection, relationships.affection),
        level = coalesce(locked.level, relationships.level),
        facts = coalesce(locked.facts, relationships.facts),
        last_interaction = case
            when locked.version is null then relationships.last_interaction
            else locked.last_interaction
        end,
        counts = coalesce(locked.counts, relationships.counts),
        deeds = coalesce(locked.deeds, relationships.deeds)
    from locked
    where relationships.id = locked.relationship_id
    returning locked.*
), ended as (
    update runs
    set status = moved.status, reason = moved.reason, lease_owner = null, lease_until = null, words_so_far = '',
        prompt_tokens = moved.prompt_tokens, completion_tokens = moved.completion_tokens, ended_at = moved.at
    from moved
    where runs.turn_id = moved.turn_id and runs.run = moved.run
), said as (
    insert into messages (conversation_id, turn_no, run, speaker, id, turn_id, content, created_at, emotion)
    select conversation_id, turn_no, run, 'waifu', message_id, turn_id, content, at, emotion
    from moved
    where message_id is not null
), chosen as (
    update turns
    set chosen_run = moved.run
    from moved
    where turns.id = moved.turn_id and moved.message_id is not null
), entered as (
    insert into interactions
        (relationship_id, no, id, kind, at, requested_change, affection_change, affection_after, level_after,
        reasons, facts, cause, turn_id, voids_no, rule_book)
    select entries.*
    from moved
    join unnest(
        $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40
    ) as entries (
        relationship_id, no, id, kind, at, requested_change, affection_change, affection_after, level_after,
        reasons, facts, cause, turn_id, voids_no, rule_book
    ) on entries.relationship_id = moved.relationship_id
), opened as (
    insert into event_occurrences (id, relationship_id, event, opened_at, expires_at, state, choice, closed_at)
    select occurrences.*
    from moved
    join unnest($41, $42, $43, $44, $45, $46, $47, $48) as occurrences (
        id, relationship_id, event, opened_at, expires_at, state, choice, closed_at
    ) on occurrences.relationship_id = moved.relationship_id
), told as (
    insert into durable_events (relationship_id, seq, body, at)
    select events.*
    from moved
    join unnest($49, $50, $51, $52) as events (relationship_id, seq, body, at)
        on events.relationship_id = moved.relationship_id
), paid as (
    insert into spending (user_id, day, tokens)
    select spent.user_id, spent.day, sum(spent.tokens)::bigint
    from moved
    join unnest($53, $54, $55, $56) as spent (relationship_id, user_id, day, tokens)
        on spent.relationship_id = moved.relationship_id
    group by spent.user_id, spent.day
    -- All who add to several do it in this order, and hold their relationships by then.
    order by spent.user_id, spent.day
    on conflict (user_id, day) do update set tokens = spending.tokens + excluded.tokens
)
select turn_id from moved
