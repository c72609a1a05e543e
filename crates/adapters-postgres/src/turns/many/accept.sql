-- Accepts what can be accepted at once; what it has no row for is somebody else's to explain.
with asked as (
    select *
    from unnest(
        $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20
    ) as asked (
        turn_id, user_id, waifu_id, conversation_id, client_message_id, message_id, content, digest, appraisal,
        process, lease, at, history_limit, chats_since, deeds_since, known_version, accepted, started
    )
), locked as (
    select asked.*, relationships.id as relationship_id, conversations.id as default_id,
        waifus.version as waifu_version
    from asked
    join relationships on relationships.user_id = asked.user_id and relationships.waifu_id = asked.waifu_id
    join waifus on waifus.id = asked.waifu_id and waifus.deleted_at is null
    join conversations on conversations.relationship_id = relationships.id and conversations.is_default
    where (asked.conversation_id is null or asked.conversation_id = conversations.id)
        and not exists (
            select from runs where runs.relationship_id = relationships.id and runs.ended_at is null
        )
        and not exists (
            select from turns
            where turns.relationship_id = relationships.id
                and turns.client_message_id = asked.client_message_id
        )
        -- Whoever was faster has moved the head, and what he wrote is not in the picture that this statement has of
        -- everything else.
        and relationships.head_seq = (
            select seen.head_seq from relationships as seen where seen.id = relationships.id
        )
    order by relationships.id
    for no key update of relationships skip locked
), moved as (
    update relationships
    set head_seq = relationships.head_seq + 2
    from locked
    where relationships.id = locked.relationship_id
    returning locked.*, relationships.affection, relationships.level, relationships.facts,
        relationships.last_interaction, relationships.epoch, relationships.head_seq,
        relationships.last_entry_no, relationships.version, relationships.created_at as met_at,
        relationships.counts, relationships.deeds
), placed as (
    update conversations
    set last_turn_no = conversations.last_turn_no + 1
    from moved
    where conversations.id = moved.default_id
    returning moved.*, conversations.last_turn_no as turn_no
), new_turns as (
    insert into turns
        (id, relationship_id, conversation_id, turn_no, kind, client_message_id, message_digest, appraisal,
        waifu_version, created_at)
    select turn_id, relationship_id, default_id, turn_no, 'chat', client_message_id, digest, appraisal,
        waifu_version, at
    from placed
), new_runs as (
    insert into runs
        (turn_id, run, relationship_id, status, lease_owner, lease_until, words_so_far, started_at)
    select turn_id, 1, relationship_id, 'streaming', process, clock_timestamp() + lease, '', at
    from placed
), new_messages as (
    insert into messages (conversation_id, turn_no, run, speaker, id, turn_id, content, created_at)
    select default_id, turn_no, 0, 'user', message_id, turn_id, content, at
    from placed
), new_events as (
    insert into durable_events (relationship_id, seq, body, at)
    select relationship_id, head_seq - 1, accepted || jsonb_build_object('turn_no', turn_no), at
    from placed
    union all
    select relationship_id, head_seq, started || jsonb_build_object('turn_no', turn_no), at
    from placed
)
select placed.turn_id, placed.turn_no, placed.default_id,
    placed.relationship_id, placed.user_id, placed.waifu_id, placed.affection, placed.level, placed.facts,
    placed.last_interaction, placed.epoch, placed.head_seq, placed.last_entry_no, placed.version, placed.met_at,
    placed.counts, placed.deeds,
    users.display_name, users.age_group, users.time_zone, users.birthday, users.pronouns, users.persona,
    anew.id, anew.key, anew.seeded_version, anew.owner_id, anew.visibility, anew.name, anew.personality,
    anew.appearance, anew.stats, anew.version, anew.created_at, anew.updated_at, anew.deleted_at,
    history.speakers, history.contents,
    newest.at,
    entries.nos, entries.kinds, entries.ats, entries.requested, entries.changes, entries.causes,
    occurrences.ids, occurrences.events, occurrences.opened, occurrences.expiring, occurrences.states,
    occurrences.choices, occurrences.closed
from placed
join users on users.id = placed.user_id
-- Her documents are long, and the asker knows them in most cases.
left join waifus as anew on anew.id = placed.waifu_id and anew.version is distinct from placed.known_version
left join lateral (
    select array_agg(said.speaker) as speakers, array_agg(said.content) as contents
    from (
        select messages.speaker, messages.content
        from messages
        -- Both keys have the order of the history, so each is walked once.
        join turns on turns.conversation_id = messages.conversation_id and turns.turn_no = messages.turn_no
        where messages.conversation_id = placed.default_id
            and turns.conversation_id = placed.default_id
            and messages.turn_no < placed.turn_no
            and turns.turn_no < placed.turn_no
            and turns.voided_at is null
            and (messages.run = 0 or messages.run = turns.chosen_run)
        order by messages.turn_no desc, messages.run desc
        limit placed.history_limit
    ) as said
) as history on true
left join lateral (
    select interactions.at
    from interactions
    where interactions.relationship_id = placed.relationship_id
    order by interactions.no desc
    limit 1
) as newest on true
left join lateral (
    select array_agg(standing.no) as nos, array_agg(standing.kind) as kinds, array_agg(standing.at) as ats,
        array_agg(standing.requested_change) as requested, array_agg(standing.affection_change) as changes,
        array_agg(standing.cause) as causes
    from (
        select no, kind, at, requested_change, affection_change, cause
        from interactions
        where relationship_id = placed.relationship_id and at > placed.chats_since
        union all
        select no, kind, at, requested_change, affection_change, cause
        from interactions
        where relationship_id = placed.relationship_id and at > placed.deeds_since
            and at <= placed.chats_since and kind in ('gift', 'date', 'event')
        union all
        (
            select no, kind, at, requested_change, affection_change, cause
            from interactions
            where relationship_id = placed.relationship_id and kind = any ($1)
                and not exists (
                    select from interactions as reversals
                    where reversals.relationship_id = interactions.relationship_id
                        and reversals.voids_no = interactions.no
                )
            order by no desc
            limit $2
        )
    ) as standing
    where not exists (
        select from interactions as reversals
        where reversals.relationship_id = placed.relationship_id and reversals.voids_no = standing.no
    )
) as entries on true
left join lateral (
    select array_agg(last.id) as ids, array_agg(last.event) as events, array_agg(last.opened_at) as opened,
        array_agg(last.expires_at) as expiring, array_agg(last.state) as states,
        array_agg(last.choice) as choices, array_agg(last.closed_at) as closed
    from (
        select distinct on (event) id, event, opened_at, expires_at, state, choice, closed_at
        from event_occurrences
        where relationship_id = placed.relationship_id
        order by event, opened_at desc, id desc
    ) as last
) as occurrences on true
