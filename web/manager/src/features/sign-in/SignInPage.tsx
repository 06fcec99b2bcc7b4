import "@mantine/core/styles/PasswordInput.layer.css";
import { Button, Center, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api } from "../../api/api";
import { meQuery } from "../../api/me";
import { queryClient } from "../../api/queryClient";
import { waysQuery } from "../../api/ways";
import { messageOf } from "../../ui/ErrorState";
import { Panel } from "../../ui/Panel";
import { Problem } from "../../ui/Problem";
import { OidcButton } from "./OidcButton";
import { refusalInWords } from "./refusals";
import { useCountdown } from "./useCountdown";
import { safeNext, waitInWords, waitOf } from "./waiting";

export function SignInPage() {
  useDocumentTitle("Sign in · Callstage");
  const { next, refused } = useSearch({ from: "/sign-in" });
  const { data: ways } = useQuery(waysQuery);
  const navigate = useNavigate();
  return (
    <Center component="main" mih="100dvh" p="md">
      <Stack w="100%" maw={360} gap="lg">
        <Stack gap="sm">
          <img src="/icon.svg" alt="" width={36} height={36} />
          <div>
            <Title order={1}>Sign in to Callstage</Title>
            {safeNext(next) !== "/" && <Text c="dimmed">Then you go on where you wanted to.</Text>}
          </div>
        </Stack>
        <Problem text={refusalInWords(refused, ways?.oidc?.label)} />
        <SignInForm onSignedIn={() => navigate({ href: safeNext(next) })} />
        {ways?.oidc && <OidcButton way={ways.oidc} next={next} />}
        <Text size="sm" c="dimmed">
          Started it yourself? The terminal that runs Callstage printed an e-mail and a password.
        </Text>
      </Stack>
    </Center>
  );
}

/** E-mail and password. After too many failures it says how long to wait and lets nobody press in vain. */
export function SignInForm({ onSignedIn }: { onSignedIn: () => Promise<void> }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [wait, beginWait] = useCountdown();

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (wait > 0) return;
    setBusy(true);
    setProblem("");
    try {
      const { data } = await api.POST("/v1/auth/login", { body: { email: email.trim(), password } });
      queryClient.clear();
      queryClient.setQueryData(meQuery.queryKey, data);
      await onSignedIn();
    } catch (error) {
      const seconds = waitOf(error);
      if (seconds) beginWait(seconds);
      setProblem(seconds ? `Too many failed tries. For safety, signing in rests for ${waitInWords(seconds)}.` : messageOf(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Panel component="form" onSubmit={submit}>
      <Stack>
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          required
          withAsterisk={false}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": "Show the password", tabIndex: 0 }}
        />
        <Problem text={problem} />
        <Button type="submit" loading={isBusy} disabled={wait > 0} fullWidth>
          {wait > 0 ? `Wait ${waitInWords(wait)}` : "Sign in"}
        </Button>
      </Stack>
    </Panel>
  );
}
