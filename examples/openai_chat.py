"""The OpenAI SDK against the gateway: the models, one reply as a whole, one as a stream."""

import os

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("GATEWAY", "http://localhost:8000") + "/v1",
    api_key=os.environ.get("TOKEN", "not-needed"),  # the SDK wants one, also where nobody asks
)


def main() -> None:
    for model in client.models.list():
        print("model:", model.id)

    model = os.environ.get("MODEL", "smollm2:135m")
    whole = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Hello!"}]
    )
    print(whole.choices[0].message.content)

    stream = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Tell me a joke."}], stream=True
    )
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            print(chunk.choices[0].delta.content, end="", flush=True)
    print()


if __name__ == "__main__":
    main()
