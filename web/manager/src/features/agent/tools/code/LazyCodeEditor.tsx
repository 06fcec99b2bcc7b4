import { Skeleton } from "@mantine/core";
import { lazy, Suspense } from "react";
import type { CodeEditorProps } from "./CodeEditor";

const Editor = lazy(() => import("./CodeEditor"));

/** The code editor in a chunk of its own; its place is kept while it loads. */
export function LazyCodeEditor(props: CodeEditorProps) {
  return (
    <Suspense fallback={<Skeleton height={props.minHeight ?? "200px"} radius="md" />}>
      <Editor {...props} />
    </Suspense>
  );
}
