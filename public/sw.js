/**
 * Adds the headers that make the page cross-origin isolated, on hosts that do not send them; without
 * isolation the browser gives no shared memory. src/ui/isolation.ts registers it only where needed.
 *
 * Only documents and the scripts of workers need these headers (the HTML standard checks an embedder
 * policy there and nowhere else), so everything else goes past this file untouched: the browser keeps
 * its cache of compiled WebAssembly, and ranges of disk images stay ranges.
 */
const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

const DESTINATIONS = new Set(["document", "iframe", "worker", "sharedworker"]);

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (!DESTINATIONS.has(request.destination)) return;
  if (new URL(request.url).origin !== self.location.origin) return;
  // A request of the developer tools that fetch() refuses.
  if (request.cache === "only-if-cached" && request.mode !== "same-origin") return;
  event.respondWith(fetch(request).then(withHeaders));
});

function withHeaders(response) {
  // An opaque answer (a redirect that is followed later) cannot be rebuilt, and needs no headers.
  if (response.status === 0 || response.type === "opaqueredirect") return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const hasBody = ![101, 204, 205, 304].includes(response.status);
  const { status, statusText } = response;
  return new Response(hasBody ? response.body : null, { status, statusText, headers });
}
