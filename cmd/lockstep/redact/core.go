package redact

import "go.uber.org/zap/zapcore"

// New returns a core that writes to next what may be shown of each entry.
func New(next zapcore.Core) zapcore.Core { return &core{Core: next} }

type core struct {
	zapcore.Core
	within bool // a namespace that is called a secret
}

// With adds what may be shown of context to all entries.
func (c *core) With(context []zapcore.Field) zapcore.Core {
	shown, within := fields(context, c.within)
	return &core{c.Core.With(shown), within}
}

// Check has the core itself write the entry, not the one below.
func (c *core) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

// Write writes what may be shown of the entry.
func (c *core) Write(entry zapcore.Entry, context []zapcore.Field) error {
	entry.Message, entry.Stack, entry.LoggerName = Text(entry.Message), Text(entry.Stack), Text(entry.LoggerName)
	shown, _ := fields(context, c.within)
	return c.Core.Write(entry, shown)
}
