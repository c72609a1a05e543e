SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  tryItOutEnabled: true,
  // Otherwise a server of its makers is asked what it thinks of the document.
  validatorUrl: null,
});
