/** Talking and writing to an agent from a browser; used by the widget and by the manager's Test tab. */

export type { AudioCallbacks, AudioPort } from "./audio";
export { type Line, settled, withTranscript } from "./captions";
export { registerCapture } from "./captureWorklet";
export { type ClientEvent, type ClientState, VoiceClient, type VoiceClientOptions } from "./client";
export { type Closing, closingOf } from "./closing";
export * from "./messages";
export { MicrophoneError, type MicrophoneTrouble } from "./microphone";
export type { Unanswered } from "./unanswered";
