//! Connections: refused, left open, closed and used again.

use super::*;

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let model = OpenAiModel::new(options(&format!("http://{address}/v1"))).unwrap();
    let (_, end) = hear(&model).await;
    assert!(matches!(end, Err(ModelError::Unreachable(_))), "{end:?}");

    let error = fault(Answer::CutBeforeHeaders).await;
    assert!(matches!(error, ModelError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn a_name_that_nobody_has_and_a_server_without_tls_are_unreachable() {
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let without_tls = format!("https://{}/v1", plain.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = plain.accept().await.unwrap();
            let refusal = b"HTTP/1.1 400 Bad Request\r\n\r\n";
            socket.write_all(refusal).await.unwrap();
        }
    });
    // Longer than a name's part may be, so that no resolver is asked.
    let nobody = format!("http://{}.invalid/v1", "a".repeat(64));
    for base_url in [without_tls, nobody] {
        let model = OpenAiModel::new(options(&base_url)).unwrap();
        let (_, end) = hear(&model).await;
        assert!(
            matches!(end, Err(ModelError::Unreachable(_))),
            "{base_url}: {end:?}"
        );
    }
}

#[tokio::test]
async fn a_connection_that_nobody_takes_times_out_as_such() {
    // A full backlog: further connections get no answer at all.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..8 {
        let connecting = tokio::net::TcpStream::connect(address);
        waiting.push(timeout(Duration::from_millis(50), connecting).await);
    }
    let model = OpenAiModel::new(options(&format!("http://{address}/v1"))).unwrap();
    let (_, end) = hear(&model).await;
    let Err(ModelError::TimedOut { phase, waited }) = end else {
        panic!("{end:?}");
    };
    assert_eq!(phase, Phase::Connect);
    assert!(waited >= Duration::from_millis(500), "{waited:?}");
}

#[tokio::test]
async fn dropping_a_reply_closes_the_providers_connection() {
    for hung in [
        speech().ending(Ending::Hang),
        Speech::of("").ending(Ending::Hang),
    ] {
        let mock = MockLlm::start(Script::always(hung.into())).await;
        let model = OpenAiModel::new(options(&mock.base_url())).unwrap();
        let mut reply = model.reply(request()).await.unwrap();
        let _ = timeout(Duration::from_millis(50), reply.next()).await;
        assert_eq!(mock.in_flight(), 1);
        let dropped = Instant::now();
        drop(reply);
        assert!(mock.saw_hang_ups(1, Duration::from_secs(1)).await);
        assert!(mock.hang_ups()[0].at - dropped < Duration::from_secs(1));
        assert_eq!(mock.in_flight(), 0);
    }
}

#[tokio::test]
async fn dropping_a_call_that_waits_for_headers_closes_the_connection_too() {
    let mock = MockLlm::start(Script::always(Answer::HangBeforeHeaders)).await;
    let model = OpenAiModel::new(options(&mock.base_url())).unwrap();
    let call = timeout(Duration::from_millis(100), model.reply(request()));
    assert!(call.await.is_err());
    assert!(mock.saw_hang_ups(1, Duration::from_secs(1)).await);
}

#[tokio::test]
async fn replies_that_ended_leave_their_connection_for_the_next() {
    let mock = MockLlm::start(Script::echo()).await;
    let model = OpenAiModel::new(options(&mock.base_url())).unwrap();
    for _ in 0..5 {
        hear(&model).await.1.unwrap();
    }
    assert_eq!(mock.request_count(), 5);
    assert_eq!(mock.connection_count(), 1);
    assert!(mock.hang_ups().is_empty());
}

#[tokio::test]
async fn many_replies_at_once_share_about_as_many_connections() {
    let mock = MockLlm::start(Script::echo()).await;
    let model = OpenAiModel::new(options(&mock.base_url())).unwrap();
    let talks = (0..16).map(async |_| {
        for _ in 0..20 {
            hear(&model).await.1.unwrap();
        }
    });
    join_all(talks).await;
    assert_eq!(mock.request_count(), 320);
    // One that is needed a moment before another one is free is opened for nothing.
    let connections = mock.connection_count();
    assert!(connections <= 64, "{connections}");
}
