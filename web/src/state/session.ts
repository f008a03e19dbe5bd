// Who is logged in. Tokens are in this module's memory and nowhere else: a reload logs in again.

import { signal } from "@preact/signals";
import {
  authorizeAddress,
  folder,
  logoutAddress,
  parseAsked,
  random,
  returned,
  type LoginConfiguration,
} from "../logic/login.ts";

export type Session =
  | { kind: "starting" | "in" | "out" }
  | { kind: "refused"; reason: string };

const ASKED = "console.login";
const LEFT = "console.left"; // the login has just led back from its logout

export const session = signal<Session>({ kind: "starting" });

let configuration: LoginConfiguration | null = null;
let access: string | null = null;
let refresh: string | null = null;
let renewing: Promise<boolean> | null = null;
let leaving = false;

export const token = (): string | null => access;

/** Take the answer of a login that comes back here, or go and ask for one. */
export async function start(): Promise<void> {
  try {
    const answer = await fetch("config.json", { cache: "no-store", signal: AbortSignal.timeout(20_000) });
    if (!answer.ok) throw new Error(`config.json answers ${answer.status}`);
    configuration = (await answer.json()) as LoginConfiguration;
  } catch (error) {
    refused(`The login's configuration cannot be read: ${String(error)}`);
    return;
  }
  const asked = parseAsked(sessionStorage.getItem(ASKED));
  const back = returned(location.search, asked);
  sessionStorage.removeItem(ASKED);
  if (back.kind === "none" && sessionStorage.getItem(LEFT) !== null) {
    sessionStorage.removeItem(LEFT);
    session.value = { kind: "out" };
    return;
  }
  if (back.kind === "none") return login();
  history.replaceState(null, "", folder(location) + (asked?.hash || "#/"));
  if (back.kind === "refused") return refused(back.reason);
  const problem = await exchange({
    grant_type: "authorization_code",
    code: back.code,
    code_verifier: back.asked.verifier,
    redirect_uri: folder(location),
  });
  if (problem === null) session.value = { kind: "in" };
  else refused(problem);
}

/** Leave for the login page; it leads back to where the operator is. */
export async function login(): Promise<void> {
  if (configuration === null || leaving) return;
  leaving = true;
  access = refresh = null;
  const asked = { state: random(), verifier: random(48), hash: location.hash };
  sessionStorage.setItem(ASKED, JSON.stringify(asked));
  location.assign(await authorizeAddress(configuration, folder(location), asked));
}

/** Forget the tokens, here and at the login, which else lets whoever comes next in without a word. */
export function logout(): void {
  access = refresh = null;
  session.value = { kind: "out" };
  if (configuration === null || leaving) return;
  leaving = true;
  sessionStorage.setItem(LEFT, "yes");
  location.assign(logoutAddress(configuration, folder(location)));
}

/** A new access token for one that has ended; false if the operator has to log in again. */
export function renew(): Promise<boolean> {
  if (refresh === null) return Promise.resolve(false);
  renewing ??= exchange({ grant_type: "refresh_token", refresh_token: refresh })
    .then((problem) => problem === null)
    .finally(() => (renewing = null));
  return renewing;
}

async function exchange(form: Record<string, string>): Promise<string | null> {
  try {
    const answer = await fetch(`${configuration!.login_url}/oauth2/token`, {
      method: "POST",
      body: new URLSearchParams({ ...form, client_id: configuration!.client_id }),
      cache: "no-store",
      signal: AbortSignal.timeout(20_000),
    });
    if (!answer.ok) return `The login answers ${answer.status}.`;
    const tokens = (await answer.json()) as { access_token?: string; refresh_token?: string };
    if (!tokens.access_token) return "The login's answer has no access token.";
    access = tokens.access_token;
    refresh = tokens.refresh_token ?? refresh;
    return null;
  } catch (error) {
    return `The login cannot be reached: ${String(error)}`;
  }
}

function refused(reason: string): void {
  session.value = { kind: "refused", reason };
}
