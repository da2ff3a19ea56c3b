// Package command is what a person types: up, down, status and kubeconfig.
//
// It is apart from package main so that its tests need not link the control plane: they run the built binary.
package command
