// Starts the console's app.

import { render } from "preact";
import { App } from "./screens/app.tsx";
import { listen } from "./state/keyboard.ts";
import { begin } from "./state/live.ts";
import { readAddress, show } from "./state/place.ts";
import { start } from "./state/session.ts";
import "./style.css";

// A page that the browser kept while its operator was at the login knows of no token any more.
addEventListener("pageshow", (event) => event.persisted && location.reload());
show();
listen();
begin();
render(<App />, document.getElementById("app")!);
void start().then(readAddress);
