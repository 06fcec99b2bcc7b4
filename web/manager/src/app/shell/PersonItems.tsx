import { type MantineColorScheme, Menu, useMantineColorScheme } from "@mantine/core";
import { IconLogout, IconUser } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { signOut } from "../../api/me";
import { useOpenedMenu } from "../../ui/useOpenedMenu";
import { PersonButton } from "./PersonMenu";

const THEMES = [
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
  { value: "auto", label: "As the system" },
] as const;

export default function PersonItems() {
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { target, menu } = useOpenedMenu();
  return (
    <Menu {...menu} position="top-start" width={208} withinPortal={false}>
      <Menu.Target>
        <PersonButton ref={target} />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconUser size={16} />}
          renderRoot={(props) => <Link to="/settings/$section" params={{ section: "profile" }} {...props} />}
        >
          Profile
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>Theme</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(value) => setColorScheme(value as MantineColorScheme)}>
          {THEMES.map((theme) => (
            <Menu.RadioItem key={theme.value} value={theme.value}>
              {theme.label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconLogout size={16} />}
          onClick={async () => {
            await signOut();
            await navigate({ to: "/sign-in" });
          }}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
