/** The writing of a stage's prompt by a language model, as it comes (rule S6). */
import { api, type Schemas } from "../../../api/api";
import { serverSentEvents } from "../tools/generate/serverSentEvents";

/** Yields the text so far; the last one is the whole prompt. Throws `ApiProblem` before the first word, `Error` when the writing breaks off. */
export async function* stagePrompt(agentId: string, stage: string, description: string, signal: AbortSignal): AsyncGenerator<string> {
  const { data } = await api.POST("/v1/agents/{agent_id}/stages/generate", {
    params: { path: { agent_id: agentId }, header: { accept: "text/event-stream" } },
    body: { stage, description },
    parseAs: "stream",
    signal,
  });
  if (!data) throw new Error("The server sent nothing.");
  let text = "";
  for await (const event of serverSentEvents(data as ReadableStream<Uint8Array>)) {
    const said = JSON.parse(event.data) as { text?: string; result?: Schemas["StageGenerated"] | null };
    if (event.event === "error") throw new Error(said.text || "The writing broke off.");
    if (event.event === "done") {
      yield said.result?.prompt ?? text;
      return;
    }
    text += said.text ?? "";
    yield text;
  }
  throw new Error("The writing broke off before its end.");
}
