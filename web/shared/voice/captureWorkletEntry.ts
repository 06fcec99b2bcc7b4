/** For bundlers: `import workletUrl from "@callstage/shared/voice/captureWorklet?worker&url"`, then `new VoiceClient({ workletUrl, … })`. */

import { registerCapture } from "./captureWorklet";

registerCapture();
