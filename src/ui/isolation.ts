/**
 * On a host that cannot send headers (GitHub Pages and the like), a service worker (public/sw.js) adds
 * those that isolate the page. It can only do so from the next load on, so the page is loaded again,
 * once: a note in the session keeps a browser that does not isolate even then from reloading for ever.
 */
const NOTE = "longmode:reloaded-for-isolation";

/** Resolves false when there is nothing to do or nothing helped; otherwise the page is being reloaded. */
export async function becomeIsolated(): Promise<boolean> {
  if (globalThis.crossOriginIsolated) {
    forgetReload();
    return false;
  }
  if (!globalThis.isSecureContext || !("serviceWorker" in navigator)) return false;
  try {
    if (sessionStorage.getItem(NOTE)) return false;
    const registration = await navigator.serviceWorker.register("sw.js");
    await activeWorker(registration);
    sessionStorage.setItem(NOTE, "1");
  } catch {
    return false; // no storage, no workers: private windows, policies
  }
  location.reload();
  return true;
}

function forgetReload(): void {
  try {
    sessionStorage.removeItem(NOTE);
  } catch {
    // no storage: then nothing was noted either
  }
}

function activeWorker(registration: ServiceWorkerRegistration): Promise<void> {
  const worker = registration.installing ?? registration.waiting;
  if (!worker || registration.active) return Promise.resolve();
  return new Promise((resolve, reject) => {
    worker.addEventListener("statechange", () => {
      if (worker.state === "activated") resolve();
      else if (worker.state === "redundant")
        reject(new Error("The service worker was not accepted."));
    });
  });
}
