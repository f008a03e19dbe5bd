// Asks the console's API: problem documents become errors, 401 leads to the login and back.

import { login, renew, token } from "./session.ts";

const PATIENCE = 20_000; // milliseconds

export class Problem extends Error {
  readonly status: number; // 0: no answer
  readonly correlation: string | null;

  constructor(status: number, title: string, detail: string, correlation: string | null) {
    super(`${title}${detail ? `: ${detail}` : ""}`);
    this.status = status;
    this.correlation = correlation;
  }
}

export function get<T>(path: string): Promise<T> {
  return ask<T>(path, {});
}

export function post<T>(path: string, document: unknown): Promise<T> {
  return ask<T>(path, {
    method: "POST",
    body: JSON.stringify(document),
    headers: { "Content-Type": "application/json" },
  });
}

async function ask<T>(path: string, request: RequestInit, again = true): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      ...request,
      headers: { ...request.headers, Authorization: `Bearer ${token() ?? ""}` },
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch (error) {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    throw new Problem(0, "The console's API does not answer", late ? "no answer in 20 s" : "", null);
  }
  if (answer.status === 401) {
    if (again && (await renew())) return ask<T>(path, request, false);
    void login();
    throw new Problem(401, "You have to log in again", "", null);
  }
  if (!answer.ok) throw await problem(answer);
  try {
    return (await answer.json()) as T;
  } catch {
    throw new Problem(answer.status, "The answer is not JSON", path, null);
  }
}

async function problem(answer: Response): Promise<Problem> {
  const document = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
  const text = (name: string) => (typeof document[name] === "string" ? document[name] : "");
  return new Problem(
    answer.status,
    text("title") || `The console's API answers ${answer.status}`,
    text("detail"),
    text("correlation_id") || null,
  );
}
