// The login's authorization code with PKCE: what is asked, and which answers count.

/** `config.json`, which the app's own address answers. */
export interface LoginConfiguration {
  login_url: string; // of the operators' pool: /oauth2/authorize, /oauth2/token and /logout are there
  client_id: string;
  scopes: string[];
}

/** What the page keeps while the operator is at the login page; no token is ever kept. */
export interface Asked {
  state: string;
  verifier: string;
  hash: string; // where to go on afterwards
}

export type Returned =
  | { kind: "none" }
  | { kind: "code"; code: string; asked: Asked }
  | { kind: "refused"; reason: string };

export function base64url(bytes: Uint8Array): string {
  const characters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(characters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

export function random(bytes = 32): string {
  return base64url(crypto.getRandomValues(new Uint8Array(bytes)));
}

export async function challenge(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return base64url(new Uint8Array(digest));
}

export async function authorizeAddress(
  configuration: LoginConfiguration,
  redirect: string,
  asked: Asked,
): Promise<string> {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: configuration.client_id,
    redirect_uri: redirect,
    scope: configuration.scopes.join(" "),
    state: asked.state,
    code_challenge: await challenge(asked.verifier),
    code_challenge_method: "S256",
  });
  return `${configuration.login_url}/oauth2/authorize?${query}`;
}

/** Where the login forgets the operator, and leads back to the page. */
export function logoutAddress(configuration: LoginConfiguration, back: string): string {
  const query = new URLSearchParams({ client_id: configuration.client_id, logout_uri: back });
  return `${configuration.login_url}/logout?${query}`;
}

/** What the page's own address says of a login. A code counts only with the state that we gave. */
export function returned(search: string, asked: Asked | null): Returned {
  const query = new URLSearchParams(search);
  const [code, state, error] = ["code", "state", "error"].map((name) => query.get(name));
  if (code == null && error == null) return { kind: "none" };
  if (asked === null) return { kind: "refused", reason: "This page did not ask for a login." };
  if (state !== asked.state) {
    return { kind: "refused", reason: "The login's answer is not for the question of this page." };
  }
  if (code == null) {
    return { kind: "refused", reason: query.get("error_description") ?? error ?? "It gave no reason." };
  }
  return { kind: "code", code, asked };
}

/** The page's folder: where the login comes back to. */
export function folder(location: { origin: string; pathname: string }): string {
  return location.origin + location.pathname.replace(/[^/]*$/, "");
}

export function parseAsked(text: string | null): Asked | null {
  if (text === null) return null;
  try {
    const { state, verifier, hash } = JSON.parse(text) as Partial<Asked>;
    if (typeof state !== "string" || typeof verifier !== "string" || typeof hash !== "string") return null;
    return { state, verifier, hash };
  } catch {
    return null;
  }
}
