// Package config reads the config file: which repositories are followed, and which of their paths are apps.
//
// [Parse] is strict. What is wrong with one entry, an unknown field, a bad duration, a path that leaves its repository, is
// one of the [Problem]s of the [Config], stops that entry alone, and has its line. What is wrong with the file as a whole
// is an error, and the config that was read before stays in force: nobody's apps are gone because of a typing error. For
// the same reason [Config.Refuses] tells an app that has left the file from one whose entry cannot be read.
//
// Nothing outside the file is looked at: whether a folder, a branch or a ServiceAccount exists is for others to find out.
// No message quotes more of the file than names and numbers, so that a password in the wrong place is not shown.
package config
