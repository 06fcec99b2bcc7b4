import { Alert, Input } from "@mantine/core";
import { lazy, Suspense, useId, useState } from "react";
import { Loading } from "../../../../../ui/Loading";
import { Setting } from "../../settings/Setting";
import { foreignParts } from "./addresses";
import { SignaturePreview } from "./SignaturePreview";

const SignatureEditor = lazy(() => import("./SignatureEditor"));

interface SignatureSettingProps {
  value: string;
  /** As it is stored. */
  saved: string;
  isReadOnly: boolean;
  problem: string | undefined;
  onChange: (html: string) => void;
}

/** What stands under every answer (rule M3). */
export function SignatureSetting({ value, saved, isReadOnly, problem, onChange }: SignatureSettingProps) {
  const about = useId();
  // What the editor was given or wrote last; anything else came from outside, and begins a new editor.
  const [own, setOwn] = useState({ html: value, edition: 0 });
  if (own.html !== value) setOwn({ html: value, edition: own.edition + 1 });
  const foreign = value === saved ? foreignParts(saved) : [];
  return (
    <Setting
      label="Signature"
      shape="group"
      explanation={
        <span id={about}>
          Stands under every answer, with its logo at most 60 px tall. What a mail client would not show is taken out when it is stored.
        </span>
      }
    >
      {() => (
        <>
          {foreign.length > 0 && !isReadOnly && (
            <Alert color="gray" mb="xs" title="Made elsewhere">
              It holds {foreign.join(" and ")}, which are lost when you edit it here. As long as you do not, it stays as it is.
            </Alert>
          )}
          <Suspense fallback={<Loading lines={3} />}>
            <SignatureEditor
              key={own.edition}
              value={value}
              isReadOnly={isReadOnly}
              describedBy={about}
              onChange={(html) => {
                setOwn({ ...own, html });
                onChange(html);
              }}
            />
          </Suspense>
          {problem && (
            <Input.Error role="alert" mt={4}>
              {problem}
            </Input.Error>
          )}
          {value !== "" && <SignaturePreview html={value} />}
        </>
      )}
    </Setting>
  );
}
