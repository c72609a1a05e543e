//! Clients that others wrote: what they take for granted of HTTP, WebSocket, GraphQL and OpenAPI has to be so.

mod examples;
mod graphql_ws;
mod openapi;
