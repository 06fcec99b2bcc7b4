"""Which AI vendors this installation may use. The environment variables keep the vendors' own names."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

Key = SecretStr | None


class ProviderSettings(BaseSettings):
    """A key that is set turns its vendor on for every tenant without a key of its own. An empty variable counts as not set."""

    model_config = SettingsConfigDict(env_prefix="CALLSTAGE_", extra="ignore", populate_by_name=True, frozen=True, env_ignore_empty=True)

    openai_api_key: Annotated[Key, Field(alias="OPENAI_API_KEY", description="OpenAI key: language model, text-to-speech and speech-to-text.")] = None
    openai_base_url: Annotated[str, Field(alias="OPENAI_BASE_URL", description="OpenAI, or any server that speaks its API (vLLM, Ollama …).")] = (
        "https://api.openai.com/v1"
    )
    openai_llm_model: Annotated[str, Field(description="OpenAI language model of agents that name none.")] = "gpt-5.4-mini"
    openai_llm_api: Annotated[
        Literal["chat", "responses"],
        Field(description="OpenAI API of the language model: chat completions, which every compatible server speaks, or responses."),
    ] = "chat"
    openai_stt_model: Annotated[str, Field(description="OpenAI realtime transcription model of agents that name none.")] = "gpt-live-transcribe"
    openai_realtime_model: Annotated[str, Field(description="OpenAI speech-to-speech model of agents that choose OpenAI without a model.")] = (
        "gpt-realtime-2.1"
    )
    openai_tts_model: Annotated[str, Field(description="OpenAI text-to-speech model of agents that name none.")] = "gpt-4o-mini-tts"
    openai_tts_voice: Annotated[str, Field(description="OpenAI voice of agents that name none.")] = "marin"

    groq_api_key: Annotated[Key, Field(alias="GROQ_API_KEY", description="Groq key: language model.")] = None
    groq_base_url: Annotated[str, Field(alias="GROQ_BASE_URL", description="Groq's OpenAI-compatible API.")] = "https://api.groq.com/openai/v1"
    groq_llm_model: Annotated[str, Field(description="Groq language model of agents that name none.")] = "llama-3.3-70b-versatile"

    gemini_api_key: Annotated[Key, Field(alias="GEMINI_API_KEY", description="Google Gemini key: language model and text-to-speech.")] = None
    gemini_base_url: Annotated[str, Field(alias="GEMINI_BASE_URL", description="Gemini API, without the version.")] = (
        "https://generativelanguage.googleapis.com"
    )
    gemini_llm_model: Annotated[str, Field(description="Gemini language model of agents that name none.")] = "gemini-3.5-flash"
    gemini_live_model: Annotated[str, Field(description="Gemini speech-to-speech model of agents that choose Gemini without a model.")] = (
        "gemini-3.8-live"
    )
    gemini_tts_model: Annotated[str, Field(description="Gemini text-to-speech model of agents that name none.")] = "gemini-3.8-flash-lite-tts"
    gemini_tts_voice: Annotated[str, Field(description="Gemini voice of agents that name none.")] = "Kore"

    anthropic_api_key: Annotated[Key, Field(alias="ANTHROPIC_API_KEY", description="Anthropic key: language model.")] = None
    anthropic_base_url: Annotated[str, Field(alias="ANTHROPIC_BASE_URL", description="Anthropic API, without the version.")] = (
        "https://api.anthropic.com"
    )
    anthropic_llm_model: Annotated[str, Field(description="Anthropic language model of agents that name none.")] = "claude-haiku-5-5"

    deepgram_api_key: Annotated[Key, Field(alias="DEEPGRAM_API_KEY", description="Deepgram key: speech-to-text and text-to-speech.")] = None
    deepgram_base_url: Annotated[str, Field(alias="DEEPGRAM_BASE_URL", description="Deepgram API; http(s) and ws(s) are both understood.")] = (
        "wss://api.deepgram.com"
    )
    deepgram_stt_model: Annotated[
        str, Field(description="Deepgram model of agents that name none. Flux models (`flux`, `flux-general-en` …) also detect the end of a turn.")
    ] = "nova-3"
    deepgram_tts_voice: Annotated[
        str, Field(description="Deepgram Aura voice of agents that name none. An agent in another language gets a voice of that language.")
    ] = "aura-2-thalia-en"

    elevenlabs_api_key: Annotated[Key, Field(alias="ELEVENLABS_API_KEY", description="ElevenLabs key: text-to-speech and speech-to-text.")] = None
    elevenlabs_base_url: Annotated[str, Field(alias="ELEVENLABS_BASE_URL", description="ElevenLabs API.")] = "https://api.elevenlabs.io"
    elevenlabs_tts_model: Annotated[str, Field(description="ElevenLabs model of agents that name none.")] = "eleven_flash_v2_5"
    elevenlabs_stt_model: Annotated[str, Field(description="ElevenLabs realtime speech-to-text model of agents that name none.")] = (
        "scribe_v2_realtime"
    )
    elevenlabs_voice: Annotated[str, Field(description="ElevenLabs voice id of agents that name none.")] = "21m00Tcm4TlvDq8ikWAM"

    default_stt: Annotated[
        Literal["deepgram", "openai", "elevenlabs", "offline"] | None,
        Field(
            description="Speech-to-text of agents that name none. Not set: the first vendor with a key: deepgram, openai, elevenlabs, else offline."
        ),
    ] = None
    default_llm: Annotated[
        Literal["openai", "groq", "gemini", "anthropic", "offline"] | None,
        Field(description="Language model of agents that name none. Not set: the first with a key: openai, groq, gemini, anthropic, else offline."),
    ] = None
    default_tts: Annotated[
        Literal["elevenlabs", "openai", "deepgram", "gemini", "offline", "espeak", "flite"] | None,
        Field(
            description="Text-to-speech of agents that name none. Not set: the first with a key: elevenlabs, openai, deepgram, gemini, else offline."
        ),
    ] = None
    offline_fallback: Annotated[
        bool, Field(description="Whether the offline engines answer when every vendor fails or none has a key. Turn it off in production.")
    ] = True

    egress_allow: Annotated[
        str,
        Field(
            description="Internal networks, addresses and host names that providers at a tenant's own address may have, comma-separated; "
            "the public internet always is."
        ),
    ] = ""

    provider_connect_timeout_s: Annotated[float, Field(gt=0, description="Seconds that connecting to an AI vendor may take.")] = 2.0
    provider_first_byte_timeout_s: Annotated[float, Field(gt=0, description="Seconds from a request to the first piece of its answer.")] = 5.0
    provider_gap_timeout_s: Annotated[float, Field(gt=0, description="Seconds between two pieces of an answer.")] = 5.0
    provider_total_timeout_s: Annotated[
        float, Field(gt=0, description="Seconds that may be spent waiting for one answer (a whole reply, a whole sentence).")
    ] = 60.0
    provider_breaker_failures: Annotated[int, Field(ge=1, description="Failures in a row after which an AI vendor is left alone for a while.")] = 3
    provider_breaker_rest_s: Annotated[
        float, Field(gt=0, description="Seconds that it is left alone; up to four times as long when it stays broken.")
    ] = 15.0
    llm_hedge_floor_s: Annotated[
        float, Field(ge=0, description="A language model slower than it usually is has at least so many seconds before the next is asked as well.")
    ] = 0.7
    llm_hedge_ceiling_s: Annotated[
        float, Field(ge=0, description="After so many seconds without a first word the next language model is asked as well; 0: never.")
    ] = 2.5
    tts_hedge_floor_s: Annotated[float, Field(ge=0, description="The same for a voice that is slower than usual.")] = 1.0
    tts_hedge_ceiling_s: Annotated[float, Field(ge=0, description="The same for a voice: seconds without a sound; 0: never.")] = 2.5
    provider_connections: Annotated[int, Field(gt=0, description="Pooled HTTP connections to AI vendors, all calls together.")] = 400

    offline_stt_workers: Annotated[int, Field(ge=1, le=16, description="Threads, each with its own model, of the offline speech-to-text.")] = 2
    offline_stt_interim_s: Annotated[
        float, Field(ge=0, description="Seconds between interim texts of the offline speech-to-text while it is idle; 0 turns them off.")
    ] = 1.0
