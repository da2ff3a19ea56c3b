package redact

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"go.uber.org/zap/zapcore"
)

// deepest is how deep a value may be nested that is shown.
const deepest = 20

// value returns what may be shown of a field's value.
func value(v any, depth int) any {
	switch v := v.(type) {
	case nil, bool, time.Time, time.Duration,
		int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, uintptr, float32, float64, complex64, complex128:
		return v
	case string:
		return Text(v)
	case []byte:
		return fmt.Sprintf("%d bytes", len(v))
	case json.Number:
		return v
	}
	if depth >= deepest {
		return "... (nested too deep)"
	}
	switch v := v.(type) {
	case map[string]any:
		return object(v, depth)
	case []any:
		return list(v, depth)
	}
	return decoded(v, depth)
}

// object hides the values of keys that say so, and the data of what has the form of a Secret; that of a ConfigMap has the
// same, and is hidden too.
func object(fields map[string]any, depth int) map[string]any {
	_, isObject := fields["metadata"]
	shown := make(map[string]any, len(fields))
	for key, v := range fields {
		isData := key == "data" || key == "stringData" || key == "binaryData"
		if isObject && isData || secretKey.MatchString(key) {
			shown[Text(key)] = hidden
			continue
		}
		shown[Text(key)] = value(v, depth+1)
	}
	return shown
}

func list(items []any, depth int) []any {
	const longest = 100
	shown := make([]any, 0, min(len(items), longest+1))
	for i, item := range items {
		if i == longest {
			return append(shown, fmt.Sprintf("... (%d more)", len(items)-longest))
		}
		shown = append(shown, value(item, depth+1))
	}
	return shown
}

// decoded is any other value as JSON would have it, but for bytes, which that would write in Base64. What cannot be written so is
// named by its type alone.
func decoded(v any, depth int) any {
	if r := reflect.ValueOf(v); r.Kind() == reflect.Map || r.Kind() == reflect.Slice {
		if lengths := bytesOf(r); lengths != nil {
			return lengths
		}
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("(a %s)", reflect.TypeOf(v))
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		return fmt.Sprintf("(a %s)", reflect.TypeOf(v))
	}
	return value(plain, depth+1)
}

// bytesOf says how many bytes there are in bytes, or in each of a list or a map of them; nil for anything else.
func bytesOf(v reflect.Value) any {
	isBytes := func(t reflect.Type) bool { return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 }
	switch of := v.Type(); {
	case isBytes(of):
		return fmt.Sprintf("%d bytes", v.Len())
	case !isBytes(of.Elem()):
		return nil
	case of.Kind() == reflect.Map:
		lengths := map[string]any{}
		for key, item := range v.Seq2() {
			lengths[Text(fmt.Sprint(key))] = bytesOf(item)
		}
		return lengths
	}
	lengths := []any{}
	for _, item := range v.Seq2() {
		lengths = append(lengths, bytesOf(item))
	}
	return lengths
}

// fields returns what may be shown of fields, and whether those that follow them are within a namespace that is called a secret,
// of which nothing is.
func fields(all []zapcore.Field, within bool) ([]zapcore.Field, bool) {
	shown := make([]zapcore.Field, 0, len(all))
	for _, f := range all {
		if f.Type == zapcore.NamespaceType {
			within = within || secretKey.MatchString(f.Key)
		} else if within && f.Type != zapcore.SkipType {
			f = zapcore.Field{Key: f.Key, Type: zapcore.StringType, String: hidden}
		}
		shown = append(shown, field(f)...)
	}
	return shown, within
}

// field returns what may be shown of one, which an object that is written inline makes several.
func field(f zapcore.Field) []zapcore.Field {
	switch f.Type {
	case zapcore.NamespaceType, zapcore.SkipType:
		f.Key = Text(f.Key)
		return []zapcore.Field{f}
	case zapcore.StringType:
		f.Key, f.String = Text(f.Key), Text(f.String)
		if secretKey.MatchString(f.Key) {
			f.String = hidden
		}
		return []zapcore.Field{f}
	case zapcore.BinaryType, zapcore.ByteStringType, zapcore.StringerType, zapcore.ErrorType, zapcore.ReflectType,
		zapcore.ArrayMarshalerType, zapcore.ObjectMarshalerType, zapcore.InlineMarshalerType:
	default: // numbers, booleans and times
		if !secretKey.MatchString(f.Key) {
			f.Key = Text(f.Key)
			return []zapcore.Field{f}
		}
	}
	into := zapcore.NewMapObjectEncoder()
	f.AddTo(into)
	var shown []zapcore.Field
	for key, v := range object(into.Fields, 0) {
		shown = append(shown, zapcore.Field{Key: key, Type: zapcore.ReflectType, Interface: v})
	}
	return shown
}
