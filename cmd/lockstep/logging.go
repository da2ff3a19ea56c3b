package main

import (
	"fmt"
	"io"

	"github.com/go-logr/zapr"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/live"
	"github.com/lockstep-dev/lockstep/cmd/lockstep/redact"
	"github.com/lockstep-dev/lockstep/sync"
)

const (
	formatConsole = "console"
	formatJSON    = "json"
)

// logFlags say how a person, or a log collector, reads what happens.
type logFlags struct {
	format, level string
	now           zap.AtomicLevel // of the logger, once there is one; it may be set at any time
}

func (f *logFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.format, "log-format", formatConsole, "console for people, json for collectors")
	cmd.Flags().StringVar(&f.level, "log-level", "info", "debug, info, warn or error")
	_ = cmd.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions([]string{formatConsole, formatJSON}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions([]string{"debug", "info", "warn", "error"}, cobra.ShellCompDirectiveNoFileComp))
}

// logger returns the logger that the flags describe, and makes it that of the Kubernetes libraries too, which write to
// stderr otherwise. People are shown what happens by a view; of the log they see what went wrong beside it.
func (f *logFlags) logger(stderr io.Writer) (*zap.Logger, error) {
	level, err := zapcore.ParseLevel(f.level)
	if err != nil || level > zapcore.ErrorLevel {
		return nil, fmt.Errorf("--log-level %q: want debug, info, warn or error", f.level)
	}
	var encoder zapcore.Encoder
	switch f.format {
	case formatJSON:
		config := zap.NewProductionEncoderConfig()
		config.EncodeTime = zapcore.RFC3339NanoTimeEncoder
		encoder = zapcore.NewJSONEncoder(config)
	case formatConsole:
		encoder = lineEncoder{zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig())}
		if level == zapcore.InfoLevel {
			level = zapcore.WarnLevel
		}
	default:
		return nil, fmt.Errorf("--log-format %q: want %s or %s", f.format, formatConsole, formatJSON)
	}
	f.now = zap.NewAtomicLevelAt(level)
	sink := zapcore.Lock(zapcore.AddSync(stderr))
	log := zap.New(redact.New(zapcore.NewCore(encoder, sink, f.now)))
	libraries := zapr.NewLogger(zap.New(redact.New(zapcore.NewCore(encoder, sink, debugging(f.now)))).Named("kubernetes"))
	klog.SetLogger(libraries)
	ctrllog.SetLogger(libraries)
	if _, err := zap.RedirectStdLogAt(log.Named("go"), zapcore.WarnLevel); err != nil { // of net/http, for one
		return nil, fmt.Errorf("redirect the log of the standard library: %w", err)
	}
	return log, nil
}

// lineEncoder has what an entry says stay on its line: what others have written must not look like an entry of its own, nor
// speak to a terminal. JSON escapes it by itself.
type lineEncoder struct{ zapcore.Encoder }

// Clone returns a copy.
func (e lineEncoder) Clone() zapcore.Encoder { return lineEncoder{e.Encoder.Clone()} }

// EncodeEntry writes the entry.
func (e lineEncoder) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	entry.Message, entry.LoggerName = live.Line(entry.Message), live.Line(entry.LoggerName)
	return e.Encoder.EncodeEntry(entry, fields)
}

// debugging enables an entry of any level as long as level is debug: of the libraries one wants all or nothing.
func debugging(level zap.AtomicLevel) zapcore.LevelEnabler {
	return zap.LevelEnablerFunc(func(zapcore.Level) bool { return level.Enabled(zapcore.DebugLevel) })
}

// view returns what shows an app's events: a picture on a terminal, lines elsewhere, log entries with --log-format json.
func (f *logFlags) view(stdout io.Writer, app sync.App, log *zap.Logger) sync.Observer {
	if f.format == formatJSON {
		return newLogObserver(log, app)
	}
	if file, ok := stdoutFile(stdout); ok && live.IsTerminal(file) {
		return live.NewTerminal(file, app)
	}
	return live.NewLines(stdout, app)
}

// aside returns where to write what is no event: through the view where it owns the terminal, nowhere beside a log.
func (f *logFlags) aside(view sync.Observer, out io.Writer) io.Writer {
	if f.format == formatJSON {
		return io.Discard
	}
	if w, ok := view.(io.Writer); ok {
		return w
	}
	return out
}
