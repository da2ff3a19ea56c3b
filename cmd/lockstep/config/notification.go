package config

import (
	"errors"

	"go.yaml.in/yaml/v3"

	"github.com/lockstep-dev/lockstep/sync/notify"
)

// Notification is who is told what apps come to, and of what.
type Notification struct {
	notify.Target
	Line int // of the entry, 1-based; for messages only
}

type notificationEntry struct {
	*entry
	Notification
}

func (n *Notification) fields(folder string) fields {
	return fields{
		"name":       func(v value) { n.Name = v.name() },
		"type":       func(v value) { n.Type = notify.Type(v.oneOf(typeNames()...)) },
		"url":        func(v value) { n.URL, _ = v.text() },
		"urlFile":    func(v value) { n.URLFile = v.onDisk(folder) },
		"tokenFile":  func(v value) { n.TokenFile = v.onDisk(folder) },
		"secretFile": func(v value) { n.SecretFile = v.onDisk(folder) },
		"caFile":     func(v value) { n.CAFile = v.onDisk(folder) },
		"cluster":    func(v value) { n.Cluster, _ = v.text() },
		"link":       func(v value) { n.Link, _ = v.text() },
		"apps":       func(v value) { n.Apps = v.texts() },
		"on":         func(v value) { n.On = v.texts() },
		"template":   func(v value) { n.Template, _ = v.text() },
	}
}

func typeNames() []string {
	var names []string
	for _, t := range notify.Types {
		names = append(names, string(t))
	}
	return names
}

func (r *reader) notification(i int, n *yaml.Node) {
	e := newEntry(r.file, "notification", i, n)
	notification := Notification{Line: e.line}
	e.read(value{entry: e, line: e.line, node: resolve(n)}, notification.fields(folderOf(r.file)))
	if isMap(resolve(n)) {
		e.need("name", "type")
	}
	if failed, ok := errors.AsType[*notify.FieldError](notification.Check()); ok && !e.refused() {
		e.fail(e.lineOf(failed.Field), "%s", failed)
	}
	r.notifications = append(r.notifications, notificationEntry{e, notification})
}

// texts returns a list of texts, nil when it is empty.
func (v value) texts() []string {
	if !isList(v.node) {
		v.want("a list of texts")
		return nil
	}
	var texts []string
	for _, n := range v.node.Content {
		text, ok := (value{entry: v.entry, key: v.key, line: n.Line, node: resolve(n)}).text()
		if ok {
			texts = append(texts, text)
		}
	}
	return texts
}
