import { useCallback, useEffect, useRef, useState } from "react";
import { api, type Schemas } from "../../../../api/api";
import { messageOf } from "../../../../ui/ErrorState";

export interface Preview {
  isLoading: boolean;
  isPlaying: boolean;
  problem: string;
  play: (request: Schemas["PreviewRequest"]) => void;
  stop: () => void;
}

/** Plays what a voice says. Only one sounds at a time; it stops when the page is left. */
export function usePreview(): Preview {
  const [state, setState] = useState<"idle" | "loading" | "playing">("idle");
  const [problem, setProblem] = useState("");
  const sound = useRef<{ audio: HTMLAudioElement; url: string } | null>(null);
  const latest = useRef(0);

  const silence = useCallback(() => {
    latest.current += 1;
    sound.current?.audio.pause();
    if (sound.current) URL.revokeObjectURL(sound.current.url);
    sound.current = null;
  }, []);
  useEffect(() => silence, [silence]);

  const stop = useCallback(() => {
    silence();
    setState("idle");
  }, [silence]);

  const play = useCallback(
    async (request: Schemas["PreviewRequest"]) => {
      silence();
      const mine = latest.current;
      setProblem("");
      setState("loading");
      try {
        const { data } = await api.POST("/v1/voices/preview", { body: request, parseAs: "blob" });
        if (mine !== latest.current || !data) return;
        const url = URL.createObjectURL(data as Blob);
        const audio = new Audio(url);
        sound.current = { audio, url };
        audio.onended = stop;
        await audio.play();
        setState("playing");
      } catch (error) {
        if (mine !== latest.current) return;
        setProblem(messageOf(error));
        setState("idle");
      }
    },
    [silence, stop],
  );
  return { isLoading: state === "loading", isPlaying: state === "playing", problem, play: (request) => void play(request), stop };
}
