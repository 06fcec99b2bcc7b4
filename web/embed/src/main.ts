/** The widget's script. The same file is the page's script and its own audio worklet: one address for a Content-Security-Policy. */

import { registerCapture } from "@callstage/shared/voice";
import { boot } from "./boot";

if (!registerCapture()) boot(document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : "");
