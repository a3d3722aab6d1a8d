"""What writes product text: causal language models on this machine, and any service that speaks OpenAI's protocol."""
